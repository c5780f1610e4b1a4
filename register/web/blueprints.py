"""The blueprints on which views declare their routes, one for each part of the site.

They are shared by all applications of a process: what belongs to a blueprint is attached when its
module is imported, for Flask refuses it once an application has been made.
"""

from __future__ import annotations

from flask import Blueprint

public = Blueprint("public", __name__)
# What citizens send.
submit = Blueprint("submit", __name__)
account = Blueprint("account", __name__, url_prefix="/compte")
desk = Blueprint("moderation", __name__, url_prefix="/moderation")
