"""A member's own account: sign in and out, invitation, password, second factor, sessions."""
