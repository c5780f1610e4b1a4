"""What needs a human now."""

from __future__ import annotations

from flask import Blueprint


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
