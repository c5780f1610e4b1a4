"""Reports on the desk: their lists, one report, and what members do with it."""

from __future__ import annotations

from flask import Blueprint

from register.web.moderation.reports import accepting, bulk, deciding, listing, margin, one

__all__ = ["accepting", "bulk", "deciding", "listing", "margin", "one", "route"]

ROUTES = (margin, listing, bulk, one, deciding, accepting)


def route(blueprint: Blueprint) -> None:
    """The addresses of this package, and what templates of the desk ask about reports."""
    for module in ROUTES:
        module.route(blueprint)
