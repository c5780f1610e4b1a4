"""Sign in, sign out, accept an invitation, set up the second factor."""

from __future__ import annotations

from flask import Blueprint


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
