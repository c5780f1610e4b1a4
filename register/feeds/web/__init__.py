"""Web face of the feeds."""
