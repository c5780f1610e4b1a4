"""Atom feeds of public events."""
