"""``/suivi/verifier``: whether a receipt is one of this register's."""

from __future__ import annotations

from flask import Blueprint


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
