"""Copies of a case's evidence as members see them, before and after they are public."""

from __future__ import annotations

from flask import Response

from register.cases.web.desk.act_view import open_case
from register.cases.web.public.piece_files import find_copy, send_copy
from register.web.blueprints import desk


@desk.get("/dossiers/<int:incident_id>/pieces/<digest>")
def desk_piece_file(incident_id: int, digest: str) -> Response:
    """A copy of the case in any version, for members."""
    desk_case = open_case(incident_id)
    manifest = find_copy(desk_case.id, digest)
    return send_copy(manifest, f"dossier-{incident_id}-{digest[:12]}", "no-store")
