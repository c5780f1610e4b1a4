"""What a stranger must not see is on no page, in no count and in no header.

A marker stands in every text of a draft, a discarded, a withdrawn, a redacted and an erased case,
of changes that wait for a second person, and of a report in each of its states.
The routes are taken from the application itself: a new one is read the day it exists, and one
whose parameter has no sample here makes a test red.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextvars import Context
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import get_type_hints
from urllib.parse import urlencode

import pytest
from flask import Flask
from report_factory import nonce
from sqlalchemy import func, select

from register import create_app
from register.accounts import acts as accounts
from register.accounts import invitations, passwords
from register.accounts.models import Role
from register.accounts.web.current_member import is_member_path
from register.cases import acts
from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.filters import FILTERS
from register.cases.models import CaseState, Incident
from register.cases.second_person import PendingChange
from register.db import db
from register.journal import Act, JournalEntry, Ledger, head
from register.reports import acts as report_acts
from register.reports import queries as report_queries
from register.reports.models import MessageKind, Report
from register.reports.report_content import ReportContent
from register.reports.report_lists import ReportFolder
from register.web.l10n import in_language

pytestmark = pytest.mark.one_database

# Letters only, so that no quoting, folding or typography changes it.
MARKER = "zinzolinquintefeuille"
# Another word of the same length, for what a page repeats of its own address.
OTHER = "zinzolinquintefeuilla"

# --- cases with the marker everywhere ----------------------------------------------------------

# Fields whose value is a code, a date or an address, with one that the cases have.
CODED = {
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
    },
    ProceedingContent: {
        "direction": "tiers",
        "nature": "administrative",
        "plaintiff": "prefet",
        "outcome": "en_cours",
        "outcome_date": "1987",
        "appeal": "non",
    },
    StepContent: {
        "step": "refere",
        "date": "1987",
        "outcome": "en_cours",
        "source_url": f"https://exemple.test/etape/{MARKER}",
    },
    RequestContent: {
        "asked_on": "1987",
        "refusal": "explicite",
        "refused_on": "1987",
        "cada_registered_on": "1987",
        "cada_opinion_on": "1987",
        "outcome": "avis_cada_favorable",
    },
}


def _full(shape, **given):
    """A part of a case with the marker in every free text: a new one is marked at birth."""
    told = {
        spec.name: CODED[shape].get(spec.name, f"Texte {MARKER}")
        for spec in fields(shape)
        if get_type_hints(shape)[spec.name] is str and spec.name not in given
    }
    return shape(**told, **given)


def marked() -> Content:
    """A case that shares no code with the visible one."""
    return _full(
        Content,
        types=("surveillance",),
        linked_communes=("2B033",),
        outlets=(MARKER,),
        contested=True,
        sources=(_full(SourceContent),),
        proceedings=(_full(ProceedingContent, steps=(_full(StepContent),)),),
        request=_full(RequestContent),
    )


def test_the_marker_is_in_every_text_of_a_marked_case():
    from register.cases.checklist import checked_texts

    plain = {"date", "end_date", "country", "commune", "departement", "region", "language"}
    free = {name.split(".")[-1] for name, text in checked_texts(marked()) if MARKER in text}
    coded = {name for shape in CODED for name in CODED[shape]}
    every = {name for shape in CODED for name, kind in get_type_hints(shape).items() if kind is str}
    assert every - coded <= free | plain


# As above, for what somebody reports.
REPORTED = {
    "place_code": "commune:2A004",
    "date": "1987-05-04",
    "actor": "prefet",
    "target": "lanceur_alerte",
    "began": "par_cible",
}


def reported() -> ReportContent:
    """A report with the marker in every free text."""
    told = {
        spec.name: REPORTED.get(spec.name, f"Texte {MARKER}")
        for spec in fields(ReportContent)
        if spec.type == "str"
    }
    return ReportContent(**told, types=("surveillance",), links=(f"https://exemple.test/{MARKER}",))


class Hidden:
    """Makes the five hidden cases, and everything of the desk that holds the marker."""

    def __init__(self, pen, desk, cast, content) -> None:
        self.pen, self.desk, self.cast, self.content = pen, desk, cast, content

    def desk_only(self, visible) -> list[int]:
        """A draft, a discarded draft, and what the desk keeps beside a visible case."""
        draft = self.desk.ready(marked())
        discarded = self.desk.draft(marked())
        waiting = self.desk.received_reply(visible, text=MARKER)
        refused = self.desk.received_reply(visible, text=MARKER)
        with self.pen() as p:
            acts.discard(p, discarded.id, by=self.cast.bruno)
            acts.refuse_reply(p, refused, by=self.cast.bruno, refusal=MARKER)
            acts.invite(p, visible.id, MARKER, by=self.cast.bruno, on=date(2026, 3, 1))
            acts.note(p, visible.id, MARKER, by=self.cast.bruno)
            acts.claim(p, visible.id, by=self.cast.bruno)
            invitations.invite(p, f"{MARKER}@register.test", Role.MODERATOR, by=self.cast.ada)
            accounts.add_member(
                p,
                f"{MARKER}@elsewhere.test",
                Role.MODERATOR,
                passwords.generate_password(),
                name=MARKER,
            )
            merged = acts.draft(p, marked(), by=self.cast.bruno, reason=MARKER, note=MARKER)
            acts.merge(p, merged.id, into=visible.number, by=self.cast.bruno, reason=MARKER)
        assert waiting
        self.changes(visible)
        return [draft.id, discarded.id, merged.id]

    def changes(self, visible) -> None:
        """A follow-up and a correction that wait for a second person, and one that was refused."""
        told = {"by": self.cast.bruno, "reason": MARKER}
        risky = f"{MARKER}, joindre le 06 12 34 56 78."
        with self.pen() as p:
            lines = [
                acts.follow_up(p, visible.id, title=MARKER, text=risky, **told),
                acts.correct(
                    p, visible.id, replace(marked(), narrative=risky), public_note=MARKER, **told
                ),
                acts.follow_up(p, visible.id, title=MARKER, text=f"Autre {risky}", **told),
            ]
            assert {line.act for line in lines} == {Act.CHANGE_PROPOSED}
            refused = p.session.scalar(select(func.max(PendingChange.id)))
            acts.refuse_change(p, refused, by=self.cast.chloe, refusal=MARKER)

    def reports(self, store, visible) -> dict[str, str]:
        """A report in each state, all that was written about it marked; their keys by state."""
        keys = {name: self._received(store, name) for name in REPORT_STATES}
        by = {"by": self.cast.bruno}
        with self.pen() as p:
            report_acts.claim(p, keys["in_review"], **by)
            for name in ("waiting", "answered"):
                report_acts.ask_reporter(p, store, keys[name], MARKER, **by)
            for name, kind in (
                ("answered", MessageKind.ANSWER),
                ("received", MessageKind.CORRECTION),
            ):
                report_acts.add(p, store, keys[name], kind, MARKER, nonce())
            told = {"reason": MARKER, "sentence": MARKER, **by}
            report_acts.accept(p, store, keys["drafted"], new=marked(), **told)
            report_acts.accept(p, store, keys["attached"], into=visible.id, **told)
            report_acts.decline(
                p, store, keys["declined"], "hors_champ", sentence=f"Car {MARKER}.", **by
            )
            report_acts.withdraw(p, store, keys["withdrawn"], nonce(), MARKER)
            # Its case is public: it is a request.
            report_acts.withdraw(p, store, keys["attached"], nonce(), MARKER)
            report_acts.spam(p, keys["spam"], **by)
        return keys

    def _received(self, store, name: str) -> str:
        with self.pen() as p:
            filed = report_acts.receive(
                p, store, reported(), nonce(), contact=MARKER, suspect=name == "suspect"
            )
            return filed.key

    def published(self):
        """A public case with the marker in all that can grow on it."""
        filed = self.desk.published(marked())
        with self.pen() as p:
            acts.follow_up(
                p, filed.id, by=self.cast.bruno, reason=MARKER, title=MARKER, text=MARKER
            )
            acts.correct(
                p,
                filed.id,
                replace(marked(), title=f"Autre {MARKER}"),
                by=self.cast.bruno,
                reason=MARKER,
                public_note=MARKER,
            )
        reply = self.desk.received_reply(filed, text=MARKER)
        with self.pen() as p:
            acts.reply(p, reply, by=self.cast.bruno, reason=MARKER)
        return filed

    def withdrawn(self):
        filed = self.published()
        with self.pen() as p:
            acts.withdraw(
                p, filed.id, by=self.cast.bruno, restriction="demande_signalant", reason=MARKER
            )
        return filed

    def erased(self):
        filed = self.published()
        with self.pen() as p:
            acts.erase(p, filed.id, by=self.cast.ada, restriction="erreur", single=True)
        return filed

    def merged(self, visible):
        filed = self.published()
        with self.pen() as p:
            acts.merge(p, filed.id, into=visible.number, by=self.cast.bruno, reason=MARKER)
        return filed

    def redacted(self):
        """Published with the marker, then shown without."""
        filed = self.desk.published(marked())
        with self.pen() as p:
            acts.redact(
                p,
                filed.id,
                self.content(),
                by=self.cast.bruno,
                reason="RGPD",
                public_note="Retrait.",
            )
        return filed


@pytest.fixture
def hidden(pen, desk, cast, content) -> Hidden:
    return Hidden(pen, desk, cast, content)


# In which states a report is brought in; an accepted one made a draft, or joined a case.
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
    ("communes", "code"): ["2A004", "2B033", "93032", "93059", "00000", "2a004"],
    ("departements", "code"): ["2A", "2B", "93", "00", "988"],
    ("regions", "code"): ["94", "11", "00"],
    ("compte", "token"): [MARKER],
    ("moderation", "incident_id"): [*map(str, range(1, 12)), "999"],
    # The keys of the reports that are there are asked for besides.
    ("moderation", "key"): ["0" * 32],
    ("moderation", "revision"): ["1", "9"],
    ("moderation", "day"): ["2026-03-02"],
    ("moderation", "name"): ["public", "bureau"],
    ("moderation", "seq"): ["1", "5"],
    ("moderation", "reply_id"): ["1", "9"],
    ("moderation", "change_id"): ["1", "2", "3", "9"],
    ("moderation", "page"): ["methode", "nulle-part"],
}
# For each filter a value that the hidden cases have, and for what is typed, the marker itself.
ASKED = {
    "commune": ["2A004", "2B033"],
    "departement": ["2A"],
    "region": ["94"],
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
    # Words of the hidden cases alone, beginnings and labels of them, and what no case has.
    "q": [MARKER, f'"{MARKER}"', f"{MARKER[:8]}*", f"-{MARKER}", "surveillance", "Ajaccio 1987"],
    "media": [MARKER],
    "endroit": [f"Texte {MARKER}"],
    # Not filters of the list, and read by some page or other.
    "lieu": ["Ajaccio", MARKER],
    "nom": ["2A004", "93059", MARKER],
    "tri": ["maj", "date", "pertinence"],
    "page": ["1", "2"],
    "version": [str(seq) for seq in range(1, 30)],
    "state": ["draft"],
    # Of the public ledger.
    "acte": ["publication", "correction", "retrait", "effacement"],
    "mois": ["2026-03"],
    "ligne": ["2"],
    "apres": ["2"],
    # Of the feeds: the event that the newer document ended with; the real ones are added below.
    "avant": ["00000000-0000-4000-8000-000000000000", MARKER],
}
# The feeds of the codes that the hidden cases have. By design they tell, once, that a case which
# had them is gone: whoever was shown it has to learn so. They tell no word of it.
FEEDS = (
    "/incidents.atom",
    "/communes/2A004.atom",
    "/departements/2A.atom",
    "/regions/94.atom",
    "/registre.atom",
)
# Pages where every filter is tried; the others are read with what they are known to take.
LISTS = (
    "/incidents",
    "/communes",
    "/communes/suggest",
    "/communes/2A004",
    "/",
    "/registre",
    "/registre.jsonl",
    *FEEDS,
)


def test_the_marker_is_searched_through_every_filter():
    assert set(FILTERS) <= set(ASKED)


def addresses(app: Flask) -> Iterator[str]:
    """Every address that a GET can be sent to, with sample parameters and without a query."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        paths = [rule.rule]
        for name in rule.arguments:
            first = rule.rule.split("/")[1]
            values = SAMPLES.get((first, name))
            assert values, f"no sample for <{name}> of {rule.rule}: add it to SAMPLES"
            paths = [_filled(path, name, value) for path in paths for value in values]
        yield from paths


def in_english(app: Flask) -> Iterator[str]:
    """The same addresses for a reader of the other language."""
    for path in addresses(app):
        if (english := in_language(path, "en")) != path:
            yield english


def _filled(path: str, name: str, value: str) -> str:
    before, _, rest = path.partition("<")
    inside, _, after = rest.partition(">")
    if inside.split(":")[-1] != name:
        return f"{before}<{inside}>{_filled(after, name, value)}"
    return before + value + after


def searches(app: Flask) -> Iterator[str]:
    """Addresses with a query: each parameter with each value, and versions of every case."""
    known = set(addresses(app))
    for path in LISTS:
        assert path in known, f"{path} is no page any more"
        for name, values in ASKED.items():
            for value in values:
                yield f"{path}?{urlencode({name: value})}"
    for number in range(1, 8):
        for version in ASKED["version"]:
            yield f"/incidents/{number}?version={version}"
            yield f"/incidents/{number}/preuve?version={version}"
            yield f"/incidents/{number}/carte.png?v={version}"
            yield f"/incidents/{number}/citation.json?version={version}"
    for key in _report_keys():
        for rule in _of_reports(app):
            yield _filled(rule, "key", key)
    # An archive begins after any event, those of a case that is gone among them.
    for name in _events():
        yield from (f"{path}?avant={name}" for path in FEEDS)


def _report_keys() -> list[str]:
    with db.engine.connect() as connection:
        return list(connection.scalars(select(Report.key).order_by(Report.key)))


def _of_reports(app: Flask, method: str = "GET") -> list[str]:
    """The addresses of one report on the desk."""
    rules = app.url_map.iter_rules()
    return [rule.rule for rule in rules if "key" in rule.arguments and method in rule.methods]


def _events() -> list[str]:
    with db.engine.connect() as connection:
        asked = select(JournalEntry.event).where(JournalEntry.ledger == Ledger.PUBLIC.value)
        return list(connection.scalars(asked.order_by(JournalEntry.seq)))


def read(app: Flask, address: str) -> str:
    """Everything that a stranger gets: status, headers and body."""
    status, headers, body = _get(app, address)
    assert status < 500, (address, status)
    return f"{status}\n{headers}\n\n{body}"


# A form's token and the cookie that it belongs to are new for each stranger, whatever happens.
_NEW = ("Date", "Set-Cookie")
_TOKEN = re.compile(r'(name="(?:csrf_token|jeton)" value=")[^"]*')


def _get(app: Flask, address: str) -> tuple[int, str, str]:
    def get() -> tuple[int, str, str]:
        with app.test_client().get(address) as answer:
            told = [f"{name}: {value}" for name, value in answer.headers if name not in _NEW]
            # A picture is bytes, and says what it shows in words among them.
            body = _TOKEN.sub(r"\1", answer.get_data().decode(errors="replace"))
            return answer.status_code, "\n".join(told), body

    # A context of its own: the test's own one would be taken for the request's.
    return Context().run(get)


def leaks(app: Flask, address: str) -> bool:
    """Whether the marker is in an answer, but for what the address itself brought."""
    if MARKER not in address:
        return MARKER in read(app, address).lower()
    told, other = read(app, address), read(app, address.replace(MARKER, OTHER))
    return _unsigned(told.replace(MARKER, OTHER)) != _unsigned(other)


def _unsigned(answer: str) -> str:
    # An ETag is made of the whole query, of which the word is a part.
    return "\n".join(
        line for line in answer.splitlines() if not line.startswith(("ETag:", "Content-Length:"))
    )


# --- the tests ---------------------------------------------------------------------------------


def test_a_visible_marker_is_found(app, hidden):
    """The same reader finds it at once on a case that is public."""
    filed = hidden.published()
    assert leaks(app, f"/incidents/{filed.number}")
    assert leaks(app, f"/incidents/{filed.number}/preuve")
    assert any(leaks(app, f"/incidents/{filed.number}/carte.png?v={seq}") for seq in range(9))
    assert leaks(app, "/registre?acte=suite")
    assert leaks(app, "/incidents?type=surveillance")
    assert "?type=surveillance" in read(app, "/en/incidents?q=surveillance")
    assert leaks(app, f"/incidents?media={MARKER}")
    assert leaks(app, f"/incidents/{filed.number}.atom")
    assert leaks(app, f"/incidents.atom?media={MARKER}")
    assert all(leaks(app, path) for path in FEEDS)
    assert leaks(app, f"/communes/2B033.atom?avant={_events()[-1]}")


def test_no_route_shows_what_is_hidden(app, hidden, desk, session, store):
    visible = desk.published()
    hidden.desk_only(visible)
    assert set(hidden.reports(store, visible).values()) == set(_report_keys())
    cases = [hidden.withdrawn(), hidden.erased(), hidden.merged(visible), hidden.redacted()]
    assert {case.number for case in cases} == {2, 3, 4, 5}
    # Every public event so far may be asked for as a version.
    assert head(session).seq < len(ASKED["version"])
    every = (*addresses(app), *in_english(app), *searches(app))
    found = [address for address in every if leaks(app, address)]
    assert found == []


@pytest.mark.prove
def test_acts_of_the_desk_change_no_byte_of_any_public_page(
    app, settings, hidden, desk, pen, store
):
    """Neither a text nor a count, nor an ETag that would tell when a report came in."""
    visible = desk.published()
    every = [*addresses(app), *in_english(app), *searches(app)]
    before = {address: read(app, address) for address in every}
    # An hour later, so that a Last-Modified of the desk's would tell of it as well.
    hidden.pen = desk.pen = lambda: pen(datetime(2026, 3, 2, 10, 30, tzinfo=UTC))
    hidden.desk_only(visible)
    hidden.reports(store, visible)
    # Asked of the same application, most pages would be those that it kept.
    other = create_app(settings)
    changed = [address for address in every if read(other, address) != before[address]]
    with other.app_context():
        db.engine.dispose()
    assert changed == []


def test_a_change_that_waits_is_shown_to_members_and_to_nobody_else(
    app, hidden, desk, session, signed
):
    visible = desk.published()
    hidden.changes(visible)
    # The counter-proof of what pages are read for: all that waits is marked.
    rows = session.scalars(select(PendingChange).order_by(PendingChange.id)).all()
    assert len(rows) == 3
    assert all(MARKER in row.payload.decode() for row in rows)
    assert [row.refusal for row in rows] == ["", "", MARKER]
    pages = [f"/moderation/dossiers/{visible.id}/changements/{row.id}" for row in rows]
    session.rollback()
    bruno, driss = signed("bruno"), signed("driss")
    for page in pages:
        assert MARKER in bruno.get(page).text
        for answer in (driss.get(page), driss.send(page), app.test_client().get(page)):
            assert answer.status_code in (303, 403), page
            assert MARKER not in answer.text + str(answer.headers)
    assert not leaks(app, f"/incidents/{visible.number}")


def test_a_report_is_shown_to_members_and_to_nobody_else(app, hidden, desk, session, store, signed):
    keys = hidden.reports(store, desk.published())
    # All that is private of them is marked: the counter-proof of what pages are read for.
    for name, key in keys.items():
        file = report_queries.get_report(session, store, key)
        assert MARKER in str(file.received)
        assert file.contact == MARKER
        assert all(MARKER in said.text for said in file.messages)
        assert MARKER in file.decision.sentence or name not in ("drafted", "attached", "declined")
    session.rollback()
    bruno, driss = signed("bruno"), signed("driss")
    every = [_filled(rule, "key", key) for rule in _of_reports(app) for key in keys.values()]
    assert len(every) >= 2 * len(keys)
    assert all(is_member_path(address) for address in every)
    for address in every:
        # Of one that is decided, other pages only say that it is.
        told = MARKER in bruno.get(address).text
        assert told or not address.endswith(tuple(keys.values())), address
        for stranger in (driss.client, app.test_client()):
            answer = stranger.get(address)
            assert answer.status_code in (303, 403), address
            assert MARKER not in answer.text + str(answer.headers)
    for rule in _of_reports(app, "POST"):
        for key in keys.values():
            answer = driss.send(_filled(rule, "key", key))
            assert answer.status_code in (303, 403), rule
            assert MARKER not in answer.text + str(answer.headers)
    for who in (driss.client, app.test_client()):
        for doing in ("ranger", "reprendre"):
            sorting = {"cle": list(keys.values()), "faire": doing}
            answer = who.post("/moderation/signalements/tri", data=sorting)
            assert answer.status_code in (303, 400, 403), doing
            assert MARKER not in answer.text + str(answer.headers)
    told = {name: report_queries.get_report(session, store, key) for name, key in keys.items()}
    assert told["received"].summary.state == "received"
    assert [len(file.messages) for file in told.values()] == [1, 0, 0, 1, 2, 0, 1, 0, 0, 0]


def test_a_report_that_was_purged_is_shown_to_nobody_any_more(
    app, hidden, desk, pen, session, store, signed
):
    keys = hidden.reports(store, desk.published())
    ended = [keys[name] for name in ("declined", "withdrawn", "spam")]
    later = datetime(2026, 3, 2, 10, 30, tzinfo=UTC) + timedelta(days=91)
    with pen(later) as p:
        report_acts.purge(p, store, undecided_after=24)
    files = [report_queries.get_report(session, store, key) for key in ended]
    assert all(file.is_purged for file in files)
    session.rollback()
    bruno = signed("bruno")
    pages = [_filled(rule, "key", key) for rule in _of_reports(app) for key in ended]
    trays = (ReportFolder.DECLINED, ReportFolder.WITHDRAWN, ReportFolder.SPAM)
    pages += [f"/moderation/signalements?casier={tray.value}" for tray in trays]
    for address in pages:
        # What remains is its state and its days.
        assert MARKER not in bruno.get(address).text, address


@pytest.mark.parametrize("end", ["withdrawn", "erased"])
def test_a_case_that_is_gone_is_in_no_list_and_no_count(app, hidden, desk, session, end):
    desk.published()
    places = [
        "/communes/2A004",
        "/communes/2B033",
        "/departements/2A",
        "/regions/94",
        *(f"/incidents?{urlencode({name: ASKED[name][0]})}" for name in FILTERS),
        "/incidents",
        # A word of a label, which leads to its filter where a public case has it.
        "/en/incidents?q=surveillance",
        # Feeds of codes that it never had.
        "/communes/93032.atom",
        "/departements/93.atom",
        "/regions/11.atom",
        "/incidents.atom?type=interdiction_filmer",
    ]
    before = {address: _get(app, address)[2] for address in places}
    getattr(hidden, end)()
    assert {address: _get(app, address)[2] for address in places} == before
    session.rollback()
    gone = select(func.count()).where(Incident.state != CaseState.PUBLISHED)
    assert session.scalar(gone) == 1


def test_a_link_to_a_hidden_case_reveals_nothing_of_it(app, pen, hidden, desk, cast):
    target = hidden.published()
    citing = desk.published(links=(LinkContent("voir_aussi", target.number),))
    with pen() as p:
        acts.withdraw(p, target.id, by=cast.bruno, restriction="erreur", reason=MARKER)
    assert not leaks(app, f"/incidents/{citing.number}")


@pytest.mark.parametrize(
    ("route", "found"),
    [("/nouveau/<chose>", True), ("/incidents/<number>.atom", False)],
    ids=["an unknown parameter", "a new representation"],
)
def test_a_new_route_is_read_or_needs_a_sample_address(route, found):
    app = Flask("made-up", static_folder=None)
    app.add_url_rule(route, endpoint="new", view_func=lambda **_: MARKER)
    if found:
        with pytest.raises(AssertionError, match="no sample for <chose>"):
            list(addresses(app))
    else:
        assert "/incidents/1.atom" in set(addresses(app))
        assert leaks(app, "/incidents/1.atom")
