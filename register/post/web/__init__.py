"""Desk face of what came by post."""
