"""The revisions of a case, side by side."""

from __future__ import annotations

from flask import Blueprint


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
