"""Web face of what is sent online about a case."""
