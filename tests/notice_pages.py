"""Pages of notices of errors and of illegal content, from both forms to a decided complaint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from page_sites import SitePage
from report_factory import Inbox, nonce

from register.incoming import acts, notice_acts, queries
from register.incoming.acts import Receipt
from register.incoming.content import NoticeContent, NoticeDecision
from register.journal import WriteTransaction
from register.post.models import PostKind
from register.reports import receipt_codes

_LONG = "La fiche dit que j’ai été condamnée. Le jugement du 3 mars 2026 me relaxe. " * 6
_LONG += "https://exemple.test/" + "x" * 90
_AT = "/incidents/{noticed}/signaler-contenu"
_ERROR = {"faux": _LONG, "juste": "Relaxée.", "endroit": "Le récit", "contact": "06 12 34 56 78"}
_ILLEGAL = {
    "endroit": "https://registre.test/incidents/1?" + "x" * 90,
    "motif": "diffamation",
    "texte": _LONG,
    "nom": "Jeanne Martin",
    "courriel": "jeanne@exemple.test",
    "bonne_foi": "y",
}
_DECISION = {"ground": "Loi du 29 juillet 1881, article 29", "reasons": _LONG}
STATES = ("unread", "overdue", "decided", "contested", "settled", "unanswered")
# Days since their receipt; nobody decided the last one within a year.
_AGES = {"overdue": 20, "unanswered": 400}


def _sent(kind: str, etape: str, status: int = 200, **typed: str) -> SitePage:
    fields = {"erreur": _ERROR, "illicite": _ILLEGAL}[kind]
    return SitePage(
        f"{_AT}/{kind}", {**fields, "jeton": "{notice token}", "etape": etape, **typed}, status
    )


def _complaint(name: str, status: int, text: str) -> SitePage:
    fields = {"code": f"{{code of {name} notice}}", "etape": "reclamer", "reclamation": text}
    return SitePage("/suivi", fields, status)


def _decision(name: str, status: int, **typed: str) -> SitePage:
    return SitePage(f"/moderation/courrier/{{post of {name}}}", {**_DECISION, **typed}, status)


AUTHOR_PAGES: Mapping[str, SitePage] = {
    "error form": SitePage(f"{_AT}/erreur"),
    "error form refused": _sent("erreur", "verifier", 422, faux="", endroit=""),
    "error review": _sent("erreur", "verifier"),
    "error receipt": _sent("erreur", "envoyer"),
    "notice form": SitePage(f"{_AT}/illicite"),
    "notice form refused": SitePage(f"{_AT}/illicite", {"etape": "verifier"}, 422),
    "notice form left open too long": _sent("illicite", "envoyer", 422, jeton="rien"),
    "notice form again": _sent("illicite", "modifier"),
    "notice review": _sent("illicite", "verifier"),
    "notice receipt": _sent("illicite", "envoyer"),
    "notice form sent before": _sent("illicite", "envoyer", jeton="{used notice}"),
    **{
        f"{name} notice": SitePage("/suivi", {"code": f"{{code of {name} notice}}"})
        for name in STATES
    },
    "complaint left empty": _complaint("decided", 422, ""),
    "second complaint": _complaint("contested", 409, "Relisez encore."),
}
DESK_PAGES: Mapping[str, SitePage] = {
    "post and notices": SitePage("/moderation/courrier"),
    **{
        f"{name} notice on the desk": SitePage(f"/moderation/courrier/{{post of {name}}}")
        for name in STATES[1:]
    },
    "notice decided without a word": _decision("overdue", 422, ground="", reasons=""),
    "notice decided before": _decision("decided", 409, decision="maintenu"),
    "complaint decided by the same member": _decision("contested", 409, decision="maintenu"),
}


def make_notices(inbox: Inbox, number: int, at: datetime, used_nonce: str) -> dict[str, str]:
    """A notice in each state about the case with a number; their codes and rows at the desk.

    :param used_nonce: of a form that was sent.
    """
    names = {}
    for name in STATES:
        day = at - timedelta(days=_AGES.get(name, 0))
        receipt = _receive(inbox, number, day, used_nonce if name == "unread" else nonce())
        if name != "unread":
            with inbox.pen(day) as p:
                acts.read(p, receipt.key, by=inbox.cast.bruno)
        if name in ("decided", "contested", "settled"):
            _decide(inbox, receipt, day, by=inbox.cast.bruno)
        if name in ("contested", "settled"):
            with inbox.pen(day) as p:
                notice_acts.complain(p, inbox.store, receipt.key, _LONG)
        if name == "settled":
            _decide(inbox, receipt, day, by=inbox.cast.chloe)
        with inbox.pen(day) as p:
            names[f"post of {name}"] = str(_last_row(p, receipt))
        names[f"code of {name} notice"] = receipt_codes.format_code(receipt.code)
    return names


def _receive(inbox: Inbox, number: int, day: datetime, form_nonce: str) -> Receipt:
    sent = NoticeContent(
        text=_LONG,
        location="Le récit",
        ground="diffamation",
        name="Jeanne Martin",
        contact="jeanne@exemple.test",
    )
    with inbox.pen(day) as p:
        kind = PostKind.ILLEGAL
        return notice_acts.receive_notice(p, inbox.store, number, kind, sent, form_nonce)


def _decide(inbox: Inbox, receipt: Receipt, day: datetime, *, by: int) -> None:
    with inbox.pen(day) as p:
        post_id, decision = _last_row(p, receipt), NoticeDecision.NONE
        notice_acts.decide(p, inbox.store, post_id, by=by, decision=decision, **_DECISION)


def _last_row(p: WriteTransaction, receipt: Receipt) -> int:
    return queries.review_rows(p.session, receipt.key)[-1].post_id
