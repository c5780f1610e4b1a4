"""The only place that knows Flask requests."""

from __future__ import annotations

from flask import Flask


def attach(app: Flask) -> None:
    """Give an application its pages, guards and error pages."""
