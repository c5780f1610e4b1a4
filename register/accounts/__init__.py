"""Members: accounts, invitations, sessions, authentication, two-factor."""
