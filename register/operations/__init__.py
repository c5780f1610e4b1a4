"""Setting up, upgrading, checking and rotating the keys of an instance."""
