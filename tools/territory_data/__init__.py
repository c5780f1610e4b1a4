"""Derives the files of ``register/territory/data`` from published packages, once a year.

Nothing here runs in production: the derived files are committed, with their sums in a manifest.
"""
