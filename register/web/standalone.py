"""Pages to keep: one file each with its style in it, without script or address of another file."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from flask import render_template
from markupsafe import Markup


def standalone_style() -> str:
    """The style sheet of pages that are read without the register."""
    return render_template("web/standalone.css")


def standalone_page(template: str, **values: Any) -> bytes:
    """A page that extends ``web/standalone_base.html``.

    Its policy lets a browser apply the style by its digest, and load nothing but pictures beside
    it: a word that somebody put into a report runs nothing, wherever the file is opened.
    """
    style = standalone_style()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )
    html = render_template(template, style=Markup(style), policy=policy, **values)  # noqa: S704
    return html.encode("utf-8")
