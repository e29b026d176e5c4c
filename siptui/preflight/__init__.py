"""The prerequisites of bulk sign-in: what a tenant and its accounts lack, and setting it right."""
