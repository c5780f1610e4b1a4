"""Pages of sign-in, invitation, account and member administration."""
