"""Pages of the import."""
