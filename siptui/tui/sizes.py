"""What the size of a terminal means for the main screen. Pure."""

#: Smaller than this nothing can be read, so nothing is pretended.
SMALLEST = (60, 14)


def size_classes(size: tuple[int, int]) -> dict[str, bool]:
    """Which classes a screen of that size (columns, lines) has, for the style sheet."""
    width, height = size
    return {
        "-small": width < SMALLEST[0] or height < SMALLEST[1],
        "-tall": height >= 32,
        "-short": height < 20,
    }
