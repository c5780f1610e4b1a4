"""Checklist, approval, invitation, publication, restoration."""

from __future__ import annotations

from flask import Blueprint


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
