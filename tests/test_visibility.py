"""Hidden texts are on no public page, in no count and in no header.

A marker is in every text of a draft, a discarded, a withdrawn, a redacted and an erased case, of
pending changes, and of a report in each state. The routes are read from the application; each of
their parameters needs a sample value in :data:`SAMPLES`.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextvars import Context
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlencode

import attested_acts as acts
import pytest
from case_contents import a_case
from case_pieces import MadePage, add_piece
from flask import Flask
from report_factory import nonce
from site_copies import copy_site
from sqlalchemy import func, select

from register import create_app
from register.accounts import acts as accounts
from register.accounts import one_use_links, passkeys, passwords, two_factor
from register.accounts.models import Role
from register.accounts.passkeys import Credential
from register.accounts.web.current_member import is_member_path
from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.case_evidence import case_key
from register.cases.cited_sources import digest
from register.cases.filters import FILTERS
from register.cases.models import CaseState, Incident
from register.cases.piece_content import PieceContent, PiecePage
from register.cases.second_person import PendingChange
from register.cases.urgency import Urgency
from register.db import db, now
from register.evidence.sealed_files import new_file
from register.incoming import acts as incoming_acts
from register.incoming import notice_acts, queries
from register.incoming.content import NoticeContent, NoticeDecision, ReplyContent
from register.journal import Act, JournalEntry, Ledger, head
from register.mail.outbox import Outbox
from register.operations import setup
from register.post.models import PostKind
from register.reports import acts as report_acts
from register.reports import queries as report_queries
from register.reports.models import MessageKind, Report
from register.reports.report_content import ReportContent
from register.reports.report_files import report_files
from register.reports.report_lists import ReportFolder
from register.web.l10n import in_language

pytestmark = pytest.mark.one_database

# Letters only, so that no quoting, folding or typography changes it.
MARKER = "zinzolinquintefeuille"
# Another word of the same length, to compare pages that repeat their own address.
OTHER = "zinzolinquintefeuilla"
# A published file whose bytes are the marker.
MARKED_FILE = MadePage(MARKER.encode(), "text/plain")
DIGEST = hashlib.sha256(MARKED_FILE.content).hexdigest()
# A file of a report: neither its bytes, its name, its size nor its digest may be anywhere.
REPORT_FILE = f"{MARKER}\n".encode() * 4_321
FILE_DIGEST = hashlib.sha256(REPORT_FILE).hexdigest()
# Its size is a number of its own: within an ETag, these five digits are there by chance.
_SIZE = r"(?<![\w-])95[\s\u00a0\u202f]?062(?![\w-])"
SECRETS = re.compile("|".join([MARKER, FILE_DIGEST[:12], _SIZE]))
assert SECRETS.fullmatch(str(len(REPORT_FILE)))

# --- cases with the marker everywhere ----------------------------------------------------------

# Fields whose value is a code, a date or an address, with the value in marked cases.
CODED_VALUES = {
    Content: {
        "date": "1987-05-04",
        "end_date": "1987-11",
        "country": "FR",
        "commune": "2A004",
        "departement": "2A",
        "region": "94",
        "level": "etat",
        "actor": "prefet",
        "target": "lanceur_alerte",
        "evidence": "allegue",
        "outcome": "tutelle_favorable",
        "language": "fr",
    },
    SourceContent: {
        "kind": "video",
        "url": f"https://exemple.test/{MARKER}",
        "archived_url": f"https://exemple.test/archive/{MARKER}",
        "published_on": "1987",
        "checked_on": "2026",
        "copied_on": "2026-03-02",
        "copy_sha256": "2" * 64,
    },
    ProceedingContent: {"direction": "tiers", "nature": "administrative", "plaintiff": "prefet"},
    StepContent: {
        "step": "refere",
        "date": "1987",
        "outcome": "en_cours",
        "source_url": f"https://exemple.test/etape/{MARKER}",
        "appeal": "non",
        "appeal_until": "1987",
    },
    PieceContent: {"kind": "text", "original": "1" * 64},
    PiecePage: {"copy": DIGEST, "mime": "text/plain"},
    RequestContent: {
        "asked_on": "1987",
        "refusal": "explicite",
        "refused_on": "1987",
        "cada_registered_on": "1987",
        "cada_opinion_on": "1987",
        "outcome": "avis_cada_favorable",
    },
}


def _marked_part(shape, **parts):
    """A part of a case with the marker in every free text, new fields included."""
    values = {
        spec.name: CODED_VALUES[shape].get(spec.name, f"Texte {MARKER}")
        for spec in fields(shape)
        if get_type_hints(shape)[spec.name] is str and spec.name not in parts
    }
    return shape(**values, **parts)


def marked_case(*, pieces: tuple[PieceContent, ...] = ()) -> Content:
    """A case with the marker in every text, and no code of the visible case."""
    return _marked_part(
        Content,
        types=("surveillance",),
        linked_communes=("2B033",),
        outlets=(MARKER,),
        contested=True,
        sources=(_marked_part(SourceContent),),
        proceedings=(_marked_part(ProceedingContent, steps=(_marked_part(StepContent),)),),
        request=_marked_part(RequestContent),
        pieces=pieces,
    )


def marked_piece() -> PieceContent:
    """A piece of evidence with the marker in every text, and a copy that does not exist."""
    return _marked_part(PieceContent, pages=(_marked_part(PiecePage),))


def test_the_marker_is_in_every_text_of_a_marked_case():
    from register.cases.risk_flags import checked_texts

    plain_fields = {"date", "end_date", "country", "commune", "departement", "region", "language"}
    marked_fields = {
        name.split(".")[-1]
        for name, text in checked_texts(marked_case(pieces=(marked_piece(),)))
        if MARKER in text
    }
    coded_fields = {name for shape in CODED_VALUES for name in CODED_VALUES[shape]}
    text_fields = {
        name
        for shape in CODED_VALUES
        for name, kind in get_type_hints(shape).items()
        if kind is str
    }
    assert text_fields - coded_fields <= marked_fields | plain_fields


# The same for fields of a report.
REPORT_VALUES = {
    "place_code": "commune:2A004",
    "date": "1987-05-04",
    "actor": "prefet",
    "target": "lanceur_alerte",
    "began": "par_cible",
}


def marked_report() -> ReportContent:
    """A report with the marker in every free text."""
    values = {
        spec.name: REPORT_VALUES.get(spec.name, f"Texte {MARKER}")
        for spec in fields(ReportContent)
        if spec.type == "str"
    }
    return ReportContent(
        **values, types=("surveillance",), links=(f"https://exemple.test/{MARKER}",)
    )


class HiddenContent:
    """Makes the hidden cases, and everything of the desk with the marker."""

    def __init__(self, pen, desk, cast, content, store, files) -> None:
        self.pen, self.desk, self.cast, self.content = pen, desk, cast, content
        self.store, self.files = store, files

    def desk_only(self, visible) -> list[int]:
        """A draft, a discarded draft, and member-only texts on a visible case."""
        draft = self.desk.ready(marked_case(pieces=(marked_piece(),)))
        discarded = self.desk.draft(marked_case())
        waiting = self.desk.received_reply(visible, text=MARKER)
        refused = self.desk.received_reply(visible, text=MARKER)
        words = dict.fromkeys(
            ("author", "capacity", "text", "proof", "passages", "contact"), MARKER
        )
        with self.pen() as p:
            online = ReplyContent(role="mandate", **words)
            incoming_acts.receive(p, self.store, visible.number, online, nonce())
            self.notice(p, visible)
            refusal = {"refusal": MARKER, "passage": MARKER}
            acts.refuse_version(p, draft.id, by=self.cast.ada, **refusal)
            acts.discard(p, discarded.id, by=self.cast.bruno)
            acts.refuse_reply(p, refused, by=self.cast.bruno, code="longueur", refusal=MARKER)
            acts.invite(p, visible.id, MARKER, by=self.cast.bruno, on=date(2026, 3, 1))
            self._invite_by_mail(p, visible)
            acts.note(p, visible.id, MARKER, by=self.cast.bruno)
            acts.assign(p, visible.id, to=self.cast.chloe, by=self.cast.bruno, note=MARKER)
            acts.set_urgency(p, visible.id, MARKED_TERM, by=self.cast.bruno)
            one_use_links.invite(p, f"{MARKER}@register.test", Role.MODERATOR, by=self.cast.ada)
            accounts.add_member(
                p,
                f"{MARKER}@elsewhere.test",
                Role.MODERATOR,
                passwords.generate_password(),
                name=MARKER,
            )
            accounts.set_factor(
                p, self.cast.ada, two_factor.new_secret(), self.store.root, [MARKER], 1
            )
            credential = Credential(MARKER.encode(), MARKER.encode(), 0, ())
            passkeys.add_passkey(p, self.cast.ada, self.store.root, MARKER, credential)
            capture = self.files.write(new_file(f"{MARKER}.txt"), [MARKER.encode()], len(MARKER))
            source, key = digest(a_case().sources[0].url), case_key(self.store, visible.id)
            acts.add_source_copy(p, visible.id, source, capture, key, by=self.cast.bruno)
            merged = acts.draft(p, marked_case(), by=self.cast.bruno, reason=MARKER, note=MARKER)
            acts.merge(p, merged.id, into=visible.number, by=self.cast.bruno, reason=MARKER)
        assert waiting
        self.changes(visible)
        return [draft.id, discarded.id, merged.id]

    def _invite_by_mail(self, p, visible) -> None:
        """The address of an authority, and the page that publishes it."""
        source = f"https://exemple.test/{MARKER}"
        acts.note_contact(
            p, visible.id, by=self.cast.bruno, address=f"{MARKER}@mairie.test", source=source,
            checked_on=date(2026, 3, 1), is_public_office=True,
        )  # fmt: skip
        outbox = Outbox(bytes(32), "registre.test")
        link = "https://registre.test/incidents/1/droit-de-reponse"
        acts.invite_by_mail(p, visible.id, by=self.cast.bruno, outbox=outbox, link=link)

    def notice(self, p, visible) -> None:
        """A notice of illegal content, decided and contested, with the marker in all its words."""
        sent = NoticeContent(**dict.fromkeys((spec.name for spec in fields(NoticeContent)), MARKER))
        options = {"outbox": Outbox(bytes(32), "register.test"), "link": MARKER}
        receipt = notice_acts.receive_notice(
            p, self.store, visible.number, PostKind.ILLEGAL, sent, nonce(), **options
        )
        [review] = queries.review_rows(p.session, receipt.key)
        words = {"decision": NoticeDecision.NONE, "reasons": MARKER, "ground": MARKER}
        notice_acts.decide(p, self.store, review.post_id, by=self.cast.bruno, **words)
        notice_acts.complain(p, self.store, receipt.key, MARKER)

    def changes(self, visible) -> None:
        """A pending follow-up, a pending correction and a refused follow-up."""
        options = {"by": self.cast.bruno, "reason": MARKER}
        risky = f"{MARKER}, joindre le 06 12 34 56 78."
        with self.pen() as p:
            lines = [
                acts.follow_up(p, visible.id, title=MARKER, text=risky, **options),
                acts.correct(
                    p,
                    visible.id,
                    replace(marked_case(), narrative=risky),
                    public_note=MARKER,
                    **options,
                ),
                acts.follow_up(p, visible.id, title=MARKER, text=f"Autre {risky}", **options),
            ]
            assert {line.act for line in lines} == {Act.CHANGE_PROPOSED}
            refused = p.session.scalar(select(func.max(PendingChange.id)))
            refusal = {"refusal": MARKER, "passage": MARKER}
            acts.refuse_change(p, refused, by=self.cast.chloe, **refusal)

    def reports(self, store, visible) -> dict[str, str]:
        """A report in each state with every text marked; their keys by state."""
        keys = {name: self._receive_marked(store, name) for name in REPORT_STATES}
        by = {"by": self.cast.bruno}
        with self.pen() as p:
            report_acts.assign(p, keys["in_review"], to=self.cast.chloe, **by)
            report_acts.set_urgency(p, store, keys["in_review"], MARKED_TERM, **by)
            for name in ("waiting", "answered"):
                report_acts.ask_reporter(p, store, keys[name], MARKER, **by)
                report_acts.note(p, store, keys[name], MARKER, **by)
            for name, kind in (
                ("answered", MessageKind.ANSWER),
                ("received", MessageKind.CORRECTION),
            ):
                files = [self._marked_file()]
                report_acts.add(p, store, keys[name], kind, MARKER, nonce(), files)
            options = {"reason": MARKER, "sentence": MARKER, **by}
            report_acts.accept(p, store, keys["drafted"], new=marked_case(), **options)
            report_acts.accept(p, store, keys["attached"], into=visible.id, **options)
            report_acts.decline(
                p, store, keys["declined"], "hors_champ", sentence=f"Car {MARKER}.", **by
            )
            report_acts.withdraw(p, store, keys["withdrawn"], nonce(), MARKER)
            # Its case is public, so the withdrawal is only a request.
            report_acts.withdraw(p, store, keys["attached"], nonce(), MARKER)
            report_acts.spam(p, keys["spam"], **by)
            [file] = report_files(p.session, store, keys["waiting"])
            report_acts.destroy_file(p, store, keys["waiting"], file.key, "illicite", **by)
        return keys

    def destroyed_report(self, store) -> None:
        """A report whose author had its texts and files destroyed."""
        key = self._receive_marked(store, "destroyed")
        with self.pen() as p:
            report_acts.withdraw(p, store, key, nonce(), destroys=True)

    def _receive_marked(self, store, name: str) -> str:
        options = {"contact": MARKER, "suspect": name == "suspect", "files": [self._marked_file()]}
        with self.pen() as p:
            return report_acts.receive(p, store, marked_report(), nonce(), **options).key

    def _marked_file(self):
        file = replace(new_file(f"{MARKER}.txt"), mime="text/plain")
        return self.files.write(file, [REPORT_FILE], len(REPORT_FILE))

    def published(self):
        """A public case with the marker in all its additions."""
        case = self.desk.published(marked_case())
        with self.pen() as p:
            acts.follow_up(p, case.id, by=self.cast.bruno, reason=MARKER, title=MARKER, text=MARKER)
            acts.correct(
                p,
                case.id,
                replace(marked_case(), title=f"Autre {MARKER}", pieces=(self._piece(p, case.id),)),
                by=self.cast.bruno,
                reason=MARKER,
                public_note=MARKER,
                store=self.store,
            )
        reply = self.desk.received_reply(case, text=MARKER)
        with self.pen() as p:
            acts.reply(p, reply, by=self.cast.bruno, reason=MARKER)
        return case

    def _piece(self, p, case_id) -> PieceContent:
        """A piece whose words and bytes are marked, of a copy that Bruno looked at."""
        words = {
            name: getattr(marked_piece(), name)
            for name in ("caption", "warning", "transcript", "no_transcript")
        }
        options = {"looked_by": self.cast.bruno, "alts": [MARKER]}
        made = (p, self.store, self.files, case_id, "text", [MARKED_FILE])
        return add_piece(*made, **options, **words)

    def withdrawn(self):
        case = self.published()
        with self.pen() as p:
            acts.withdraw(
                p, case.id, by=self.cast.bruno, restriction="demande_signalant", reason=MARKER
            )
        return case

    def erased(self):
        case = self.published()
        with self.pen() as p:
            acts.erase(p, case.id, by=self.cast.ada, restriction="erreur", single=True)
        return case

    def merged(self, visible, *, withdrawn=True):
        """Merged into another case; ``withdrawn`` before, or the other one after."""
        case = self.withdrawn() if withdrawn else self.published()
        target = visible if withdrawn else self.desk.published()
        by = {"by": self.cast.bruno, "reason": MARKER}
        with self.pen() as p:
            acts.merge(p, case.id, into=target.number, second=self.cast.chloe, **by)
            if not withdrawn:
                acts.withdraw(p, target.id, restriction="erreur", **by)
        return case

    def redacted(self):
        """Published with the marker, then shown without."""
        case = self.desk.published(marked_case())
        with self.pen() as p:
            acts.redact(
                p,
                case.id,
                self.content(),
                by=self.cast.bruno,
                reason="RGPD",
                public_note="Retrait.",
            )
        return case


@pytest.fixture
def hidden(pen, desk, cast, content, store, settings) -> HiddenContent:
    files = setup.sealed_files(settings, store)
    return HiddenContent(pen, desk, cast, content, store, files)


MARKED_TERM = Urgency(True, date(2026, 3, 1), f"Audience {MARKER}")

# The states of reports; an accepted one became a draft or was attached to a case.
REPORT_STATES = (
    "received",
    "suspect",
    "in_review",
    "waiting",
    "answered",
    "drafted",
    "attached",
    "declined",
    "withdrawn",
    "spam",
)

# --- every address of the application ----------------------------------------------------------

# Values for the parameters of routes, by the first part of their path and their name.
SAMPLES = {
    ("incidents", "number"): [*map(str, range(12)), "01", "x", str(10**9), str(10**30)],
    ("incidents", "before"): ["2", "5"],
    ("incidents", "kind"): ["erreur", "illicite", "autre"],
    ("incidents", "after"): [str(seq) for seq in range(3, 12)],
    ("incidents", "digest"): [DIGEST, "0" * 64, MARKER],
    ("communes", "code"): ["2A004", "2B033", "93032", "93059", "00000", "2a004"],
    ("departements", "code"): ["2A", "2B", "93", "00", "988"],
    ("regions", "code"): ["94", "11", "00"],
    ("registre", "name"): ["methode.md", "vocabulaire-type.json", "nulle-part"],
    ("compte", "token"): [MARKER],
    ("moderation", "incident_id"): [*map(str, range(1, 12)), "999"],
    # The keys of existing reports are added by ``searches``.
    ("moderation", "key"): ["0" * 32],
    ("moderation", "file_key"): ["0" * 32],
    ("moderation", "revision"): ["1", "9"],
    ("moderation", "copy_id"): ["1", "9"],
    ("moderation", "digest"): [DIGEST, "0" * 64],
    ("moderation", "day"): ["2026-03-02"],
    ("moderation", "name"): ["public", "bureau"],
    ("moderation", "seq"): ["1", "5"],
    ("moderation", "reply_id"): ["1", "9"],
    ("moderation", "post_id"): ["1", "9"],
    ("moderation", "change_id"): ["1", "2", "3", "9"],
    ("moderation", "page"): ["methode", "nulle-part"],
}
# For each query parameter, values of the hidden cases; the marker for free text.
QUERY_VALUES = {
    "commune": ["2A004", "2B033"],
    "departement": ["2A"],
    "region": ["94"],
    "epci": ["242010056"],
    "pays": ["FR"],
    "famille": ["securite"],
    "type": ["surveillance"],
    "cible": ["lanceur_alerte"],
    "acteur": ["prefet"],
    "niveau": ["etat"],
    "issue": ["tutelle_favorable"],
    "preuve": ["allegue"],
    "sens": ["tiers"],
    "procedure": ["tiers.en_cours"],
    "duree": ["moins-d-un-an"],
    "du": ["1987"],
    "au": ["1987-05"],
    "sans_date": ["1"],
    "annee": ["1987"],
    # Words, prefixes and labels of hidden cases only.
    "q": [MARKER, f'"{MARKER}"', f"{MARKER[:8]}*", f"-{MARKER}", "surveillance", "Ajaccio 1987"],
    "media": [MARKER],
    "endroit": [f"Texte {MARKER}"],
    # Parameters of other pages.
    "lieu": ["Ajaccio", MARKER],
    "nom": ["2A004", "93059", MARKER],
    "tri": ["maj", "date", "pertinence"],
    "page": ["1", "2"],
    "version": [str(seq) for seq in range(1, 36)],
    "state": ["draft"],
    # Of the public ledger.
    "acte": ["publication", "correction", "retrait", "effacement"],
    "mois": ["2026-03"],
    "ligne": ["2"],
    "apres": ["2"],
    # Position in a feed; existing events are added by ``searches``.
    "avant": ["00000000-0000-4000-8000-000000000000", MARKER],
}
# The feeds of the codes of the hidden cases. By design they announce once that a published case is
# gone, without any of its text.
CASE_FEEDS = (
    "/incidents.atom",
    "/communes/2A004.atom",
    "/departements/2A.atom",
    "/regions/94.atom",
    "/registre.atom",
)
# Pages that are tried with every query parameter.
LISTS = (
    "/incidents",
    "/communes",
    "/communes/suggest",
    "/communes/2A004",
    "/",
    "/registre",
    "/registre.jsonl",
    *CASE_FEEDS,
)


def test_the_marker_is_searched_through_every_filter():
    assert set(FILTERS) <= set(QUERY_VALUES)


def addresses(app: Flask) -> Iterator[str]:
    """The addresses of every GET route, with sample parameters, without a query."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        paths = [rule.rule]
        for name in rule.arguments:
            first = rule.rule.split("/")[1]
            values = SAMPLES.get((first, name))
            assert values, f"no sample for <{name}> of {rule.rule}: add it to SAMPLES"
            paths = [_fill_parameter(path, name, value) for path in paths for value in values]
        yield from paths


def in_english(app: Flask) -> Iterator[str]:
    """The same addresses in English."""
    for path in addresses(app):
        if (english := in_language(path, "en")) != path:
            yield english


def _fill_parameter(path: str, name: str, value: str) -> str:
    before, _, rest = path.partition("<")
    inside, _, after = rest.partition(">")
    if inside.split(":")[-1] != name:
        return f"{before}<{inside}>{_fill_parameter(after, name, value)}"
    return before + value + after


def searches(app: Flask) -> Iterator[str]:
    """Addresses with a query: each parameter with each value, and versions of every case."""
    paths = set(addresses(app))
    for path in LISTS:
        assert path in paths, f"{path} is no page any more"
        for name, values in QUERY_VALUES.items():
            for value in values:
                yield f"{path}?{urlencode({name: value})}"
    for number in range(1, 8):
        for version in QUERY_VALUES["version"]:
            yield f"/incidents/{number}?version={version}"
            yield f"/incidents/{number}/preuve?version={version}"
            yield f"/incidents/{number}/citation.json?version={version}"
    for key in _report_keys():
        for rule in _report_rules(app):
            yield _fill_parameter(rule, "key", key)
    # A feed may start after any event, also one of a hidden case.
    for name in _event_ids():
        yield from (f"{path}?avant={name}" for path in CASE_FEEDS)


def _report_keys() -> list[str]:
    with db.engine.connect() as connection:
        return list(connection.scalars(select(Report.key).order_by(Report.key)))


def _report_rules(app: Flask, method: str = "GET") -> list[str]:
    """The addresses of one report on the desk."""
    rules = app.url_map.iter_rules()
    return [rule.rule for rule in rules if "key" in rule.arguments and method in rule.methods]


def _event_ids() -> list[str]:
    with db.engine.connect() as connection:
        statement = select(JournalEntry.event).where(JournalEntry.ledger == Ledger.PUBLIC.value)
        return list(connection.scalars(statement.order_by(JournalEntry.seq)))


def read_page(app: Flask, address: str) -> str:
    """Everything that a stranger receives: status, headers and body."""
    status, headers, body = _get(app, address)
    assert status < 500, (address, status)
    return f"{status}\n{headers}\n\n{body}"


# Tokens of forms and session cookies differ on each request.
_VARYING_HEADERS = ("Date", "Set-Cookie")
_TOKEN = re.compile(r'(name="(?:csrf_token|jeton)" value=")[^"]*')


def _get(app: Flask, address: str) -> tuple[int, str, str]:
    def get() -> tuple[int, str, str]:
        with app.test_client().get(address) as response:
            headers = [
                f"{name}: {value}"
                for name, value in response.headers
                if name not in _VARYING_HEADERS
            ]
            # Images contain their alternative text.
            body = _TOKEN.sub(r"\1", _unpacked(response.get_data()).decode(errors="replace"))
            return response.status_code, "\n".join(headers), body

    # Without the context of the test, which the request would use.
    return Context().run(get)


def _unpacked(body: bytes) -> bytes:
    """A body; of an archive, the names and bytes of its files, which are compressed in it."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())


def leaks(app: Flask, address: str) -> bool:
    """Whether the marker is in a response, except where it repeats the address."""
    if MARKER not in address:
        return bool(SECRETS.search(read_page(app, address).lower()))
    page, other_page = read_page(app, address), read_page(app, address.replace(MARKER, OTHER))
    return _without_etag(page.replace(MARKER, OTHER)) != _without_etag(other_page)


def _without_etag(page: str) -> str:
    # An ETag depends on the query, which contains the word.
    return "\n".join(
        line for line in page.splitlines() if not line.startswith(("ETag:", "Content-Length:"))
    )


def copy_leaks(app: Flask, folder: Path) -> list[str]:
    """Files of a static copy of the site that have the marker; the copy is made or renewed."""
    copy_site(app, folder, range(1, 8))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 50
    return [
        str(path.relative_to(folder))
        for path in files
        if SECRETS.search(_unpacked(path.read_bytes()).decode(errors="replace").lower())
    ]


# --- the tests ---------------------------------------------------------------------------------


def test_a_visible_marker_is_found(app, hidden, pen, cast, tmp_path):
    """Proof that leaks are found: the marker on a public case."""
    case = hidden.published()
    assert leaks(app, f"/incidents/{case.number}")
    assert leaks(app, f"/incidents/{case.number}/preuve")
    assert leaks(app, f"/incidents/{case.number}/pieces/{DIGEST}")
    assert leaks(app, f"/incidents/{case.number}.zip")
    assert leaks(app, "/registre?acte=suite")
    assert leaks(app, "/incidents?type=surveillance")
    assert leaks(app, f"/incidents?media={MARKER}")
    assert leaks(app, f"/incidents/{case.number}.atom")
    assert leaks(app, f"/incidents.atom?media={MARKER}")
    assert all(leaks(app, path) for path in CASE_FEEDS)
    assert leaks(app, f"/communes/2B033.atom?avant={_event_ids()[-1]}")
    names = copy_leaks(app, tmp_path / "copy")
    for end in (".html", ".atom", ".zip", "/preuve.json"):
        assert any(name.endswith(f"incidents/{case.number}{end}") for name in names), end
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason=MARKER)
    assert copy_leaks(app, tmp_path / "copy") == []


def test_no_route_shows_hidden_content(app, hidden, desk, session, store, tmp_path):
    visible = desk.published()
    hidden.desk_only(visible)
    assert set(hidden.reports(store, visible).values()) == set(_report_keys())
    hidden.destroyed_report(store)
    cases = [hidden.withdrawn(), hidden.erased(), hidden.merged(visible), hidden.redacted()]
    cases.append(hidden.merged(visible, withdrawn=False))
    assert {case.number for case in cases} == {2, 3, 4, 5, 6}
    # QUERY_VALUES covers every version so far.
    assert head(session).seq < len(QUERY_VALUES["version"])
    all_addresses = (*addresses(app), *in_english(app), *searches(app))
    leaking = [address for address in all_addresses if leaks(app, address)]
    assert leaking == []
    assert copy_leaks(app, tmp_path / "copy") == []


@pytest.mark.prove
def test_acts_of_the_desk_change_no_byte_of_any_public_page(
    app, settings, hidden, desk, pen, store
):
    """Neither texts nor counts, nor an ETag that would reveal a new report, on the same day."""
    visible = desk.published()
    all_addresses = [*addresses(app), *in_english(app), *searches(app)]
    # Not for the public: it counts reports from the next day on.
    all_addresses.remove("/metrics")
    pages_before = {address: read_page(app, address) for address in all_addresses}
    # Later, so that a Last-Modified header would change too, and today: the next day, a page says
    # on which day the authority was invited.
    hidden.pen = desk.pen = lambda: pen(now())
    hidden.desk_only(visible)
    hidden.reports(store, visible)
    # The first application would answer from its cache.
    other_app = create_app(settings)
    changed = [
        address
        for address in all_addresses
        if read_page(other_app, address) != pages_before[address]
    ]
    with other_app.app_context():
        db.engine.dispose()
    assert changed == []


def test_a_pending_change_is_shown_to_members_only(app, hidden, desk, session, signed):
    visible = desk.published()
    hidden.changes(visible)
    # All pending changes contain the marker.
    rows = session.scalars(select(PendingChange).order_by(PendingChange.id)).all()
    assert len(rows) == 3
    assert all(MARKER in row.payload.decode() for row in rows)
    assert [row.refusal for row in rows] == ["", "", MARKER]
    pages = [f"/moderation/dossiers/{visible.id}/changements/{row.id}" for row in rows]
    session.rollback()
    bruno, driss = signed("bruno"), signed("driss")
    for page in pages:
        assert MARKER in bruno.get(page).text
        for response in (driss.get(page), driss.send(page), app.test_client().get(page)):
            assert response.status_code in (303, 403), page
            assert MARKER not in response.text + str(response.headers)
    assert not leaks(app, f"/incidents/{visible.number}")


def test_a_report_is_shown_to_members_only(app, hidden, desk, session, store, signed):
    keys = hidden.reports(store, desk.published())
    # All private texts of reports contain the marker.
    for name, key in keys.items():
        view = report_queries.get_report(session, store, key)
        assert MARKER in str(view.received)
        assert view.contact == MARKER
        assert all(MARKER in message.text for message in view.messages)
        assert MARKER in view.decision.sentence or name not in ("drafted", "attached", "declined")
    session.rollback()
    bruno, driss = signed("bruno"), signed("driss")
    report_pages = [
        _fill_parameter(rule, "key", key) for rule in _report_rules(app) for key in keys.values()
    ]
    assert len(report_pages) >= 2 * len(keys)
    assert all(is_member_path(address) for address in report_pages)
    for address in report_pages:
        # Pages of acts on a decided report only say that it is decided.
        is_marked = MARKER in bruno.get(address).text
        assert is_marked or not address.endswith(tuple(keys.values())), address
        for stranger in (driss.client, app.test_client()):
            response = stranger.get(address)
            assert response.status_code in (303, 403), address
            assert MARKER not in response.text + str(response.headers)
    files = [
        f"/moderation/signalements/{key}/fichiers/{file.key}"
        for key in keys.values()
        for file in report_files(session, store, key)
    ]
    session.rollback()
    # One of each report and two of messages, without the destroyed one.
    assert len(files) == len(keys) + 1
    for address in files:
        assert bruno.get(address).get_data() == REPORT_FILE
        for stranger in (driss.client, app.test_client()):
            response = stranger.get(address)
            assert response.status_code in (303, 403), address
            assert not SECRETS.search(response.text + str(response.headers))
    for rule in _report_rules(app, "POST"):
        for key in keys.values():
            response = driss.send(_fill_parameter(rule, "key", key))
            assert response.status_code in (303, 403), rule
            assert MARKER not in response.text + str(response.headers)
    for stranger in (driss.client, app.test_client()):
        for act in ("ranger", "reprendre"):
            sorting = {"cle": list(keys.values()), "faire": act}
            response = stranger.post("/moderation/signalements/tri", data=sorting)
            assert response.status_code in (303, 400, 403), act
            assert MARKER not in response.text + str(response.headers)
    views = {name: report_queries.get_report(session, store, key) for name, key in keys.items()}
    assert views["received"].summary.state == "received"
    assert [len(view.messages) for view in views.values()] == [1, 0, 0, 1, 2, 0, 1, 0, 0, 0]


def test_a_purged_report_is_not_shown_to_members_either(
    app, hidden, desk, pen, session, store, signed
):
    keys = hidden.reports(store, desk.published())
    keys_ended = [keys[name] for name in ("declined", "withdrawn", "spam")]
    later = datetime(2026, 3, 2, 10, 30, tzinfo=UTC) + timedelta(days=91)
    with pen(later) as p:
        report_acts.purge(p, store, undecided_after=24)
    views = [report_queries.get_report(session, store, key) for key in keys_ended]
    assert all(view.is_purged for view in views)
    session.rollback()
    bruno = signed("bruno")
    pages = [_fill_parameter(rule, "key", key) for rule in _report_rules(app) for key in keys_ended]
    folders = (ReportFolder.DECLINED, ReportFolder.WITHDRAWN, ReportFolder.SPAM)
    pages += [f"/moderation/signalements?casier={folder.value}" for folder in folders]
    for address in pages:
        # Only its state and days remain; the sidebar has drafts of other reports.
        page = bruno.get(address).text
        sidebar = re.search(r'<ol class="queue">.*?</ol>', page, re.DOTALL)
        assert MARKER not in page.replace(sidebar[0] if sidebar else "", ""), address


@pytest.mark.parametrize("end", ["withdrawn", "erased"])
def test_a_withdrawn_or_erased_case_is_in_no_list_and_no_count(app, hidden, desk, session, end):
    desk.published()
    places = [
        "/communes/2A004",
        "/communes/2B033",
        "/departements/2A",
        "/regions/94",
        *(f"/incidents?{urlencode({name: QUERY_VALUES[name][0]})}" for name in FILTERS),
        "/incidents",
        # A word of a label, which suggests its filter if a public case has it.
        "/en/incidents?q=surveillance",
        # Feeds of other codes.
        "/communes/93032.atom",
        "/departements/93.atom",
        "/regions/11.atom",
        "/incidents.atom?type=interdiction_filmer",
    ]
    pages_before = {address: _get(app, address)[2] for address in places}
    getattr(hidden, end)()
    assert {address: _get(app, address)[2] for address in places} == pages_before
    session.rollback()
    hidden_count = select(func.count()).where(Incident.state != CaseState.PUBLISHED)
    assert session.scalar(hidden_count) == 1


def test_a_link_to_a_hidden_case_reveals_nothing_of_it(app, pen, hidden, desk, cast):
    target = hidden.published()
    citing = desk.published(links=(LinkContent("voir_aussi", target.number),))
    with pen() as p:
        acts.withdraw(p, target.id, by=cast.bruno, restriction="erreur", reason=MARKER)
    assert not leaks(app, f"/incidents/{citing.number}")


@pytest.mark.parametrize(
    ("route", "needs_sample"),
    [("/nouveau/<chose>", True), ("/incidents/<number>.atom", False)],
    ids=["an unknown parameter", "a new representation"],
)
def test_a_new_route_is_read_or_needs_a_sample_address(route, needs_sample):
    app = Flask("made-up", static_folder=None)
    app.add_url_rule(route, endpoint="new", view_func=lambda **_: MARKER)
    if needs_sample:
        with pytest.raises(AssertionError, match="no sample for <chose>"):
            list(addresses(app))
    else:
        assert "/incidents/1.atom" in set(addresses(app))
        assert leaks(app, "/incidents/1.atom")
