"""Blueprints of the site, one for each of its parts.

All applications of a process share them. Views, hooks and template globals are attached when
their module is imported: Flask refuses that once a blueprint has been registered.
"""

from __future__ import annotations

from flask import Blueprint

public = Blueprint("public", __name__)
# Reports by citizens and their follow-up.
submit = Blueprint("submit", __name__)
account = Blueprint("account", __name__, url_prefix="/compte")
desk = Blueprint("moderation", __name__, url_prefix="/moderation")
