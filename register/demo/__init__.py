"""The demonstration instance and its sample cases."""
