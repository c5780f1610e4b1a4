"""A member's own page: sessions, password, second factor, recovery codes."""

from __future__ import annotations

from flask import Blueprint


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
