"""``/signaler``: the report, in one page, checked before it is sent."""

from __future__ import annotations

from flask import Blueprint, render_template


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/signaler", "report", report)


def report() -> str:
    """How to report an incident before reports can be made online."""
    return render_template("public/report.html")
