"""``/suivi/verifier``: whether a receipt is one of this register's, and of which day."""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db
from register.reports import receipts
from register.reports.web.i18n import _
from register.reports.web.receipt_login import OUTAGE_ERRORS, outage_response
from register.web import limits, retry_after
from register.web.blueprints import submit
from register.web.l10n import day_words

# Below what a file of a form is kept in memory for; above it, it would be written to disk.
BODY_LIMIT = 400_000


@submit.route("/suivi/verifier", methods=["GET", "POST"])
def prove() -> ResponseReturnValue:
    """Say whether the report of a receipt was received, and on which day; nothing is kept."""
    if request.method != "POST":
        return _response()
    if (request.content_length or 0) > BODY_LIMIT:
        return _response(422, fault=_too_long_text())
    wait = limits.wait("receipt")
    if wait:
        return retry_after.too_soon_page(_html(fault=_too_many_receipts_text(wait)), wait)
    document = _submitted_document()
    if not document.strip():
        return _response(422, fault=_("Choisissez le fichier, ou collez ce qu’il contient."))
    if len(document) > receipts.LIMIT:
        return _response(422, fault=_too_long_text())
    try:
        day = receipts.received_on(db.session(), document)
    except OUTAGE_ERRORS as error:
        return outage_response(error, _busy_text(), lambda _why: _html(fault=_busy_text()))
    if day is None:
        return _response(
            verdict=_("Ce reçu ne correspond à aucun signalement encore gardé ici."), proved=False
        )
    verdict = _("Un signalement au contenu identique a été reçu le %(day)s.", day=day_words(day))
    return _response(verdict=verdict, proved=True)


def _submitted_document() -> bytes:
    """What was handed in: the file, or else the text."""
    file = request.files.get("fichier")
    sent = file.stream.read(receipts.LIMIT + 1) if file else b""
    return sent or _pasted().encode("utf-8", "replace")


def _pasted() -> str:
    return request.form.get("recu", "").strip()


def _response(
    status: int = 200, *, fault: str = "", verdict: str = "", proved: bool = False
) -> Response:
    return make_response(_html(fault=fault, verdict=verdict, proved=proved), status)


def _html(*, fault: str = "", verdict: str = "", proved: bool = False) -> str:
    small = (request.content_length or 0) <= BODY_LIMIT
    return render_template(
        "submit/proving.html",
        fault=fault,
        verdict=verdict,
        proved=proved,
        pasted=_pasted() if fault and small else "",
    )


def _too_long_text() -> str:
    return _("C’est trop long pour un reçu. Choisissez le fichier recu.json, tel qu’il est.")


def _too_many_receipts_text(wait: int) -> str:
    return _(
        "Beaucoup de reçus ont été vérifiés depuis votre connexion. Attendez %(time)s, puis "
        "réessayez.",
        time=retry_after.wait_words(wait),
    )


def _busy_text() -> str:
    return _("Le registre est occupé. Attendez une minute, puis réessayez.")
