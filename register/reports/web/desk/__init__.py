"""Reports on the desk: their lists, one report, and what members do with it."""

from __future__ import annotations

from flask import Blueprint

from register.reports.web.desk import accepting, bulk, decisions, detail, report_list, sidebar

__all__ = ["accepting", "bulk", "deciding", "listing", "margin", "one", "route"]

ROUTES = (sidebar, report_list, bulk, detail, decisions, accepting)


def route(blueprint: Blueprint) -> None:
    """The addresses of this package, and what templates of the desk ask about reports."""
    for module in ROUTES:
        module.route(blueprint)
