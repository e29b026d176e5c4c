"""Input that means no good, by the thousand in the tests and by the million on demand."""
