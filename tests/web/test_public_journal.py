"""The public ledger as a stranger reads, filters and downloads it, and the proof of a case."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import attested_acts as acts
import pytest
from flask import Flask
from flask.testing import FlaskClient
from ledger_lines import PUBLIC_ACTS
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from register.cases import public_journal
from register.cases.case_content import Content
from register.cases.models import Revision
from register.cases.public_journal import page_of_line
from register.errors import Invalid
from register.journal import Act, JournalEntry, LedgerPosition, head
from register.journal.models import GENESIS, canonical_json, chain_digest
from register.journal.queries import JournalQuery
from register.journal.web import public_journal as registre
from register.journal.web.journal_sentences import PUBLIC_KINDS
from register.journal.web.public_journal import PublicJournalQuery, chips, list_months, parse
from register.operations import setup
from register.pages import acts as page_acts
from register.pages import content as editorial

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
Get = Callable[..., TestResponse]


@pytest.fixture
def stranger(app: Flask) -> Get:
    """``stranger("/registre")``: a reader's request, in a context of its own."""
    client = app.test_client(use_cookies=False)
    return lambda address, **options: Context().run(lambda: client.open(address, **options))


def words(html: str) -> str:
    """The text of a page on one line, every space an ordinary one."""
    spaced = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    return re.sub(r" (?=[,.)])", "", spaced)


def listed_lines(html: str) -> list[int]:
    """The lines that a page lists, in its order."""
    return [
        int(number) for number in re.findall(r'<li class="entry row" id="ligne-([0-9]+)">', html)
    ]


def line_text(html: str, seq: int) -> str:
    """The text of one line of a page."""
    item = re.search(rf'id="ligne-{seq}">(.*?)</li>', html, re.DOTALL)
    assert item, seq
    return words(item[1])


def publish_eventful_case(desk: Any, cast: Any, content: Callable[..., Content]) -> int:
    """A case with every act that leaves it public; its number. Lines 2 to 8."""
    case = desk.published()
    with desk.pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Une audience", text="t")
    reply = desk.received_reply(case)
    with desk.pen() as p:
        acts.reply(p, reply, by=cast.bruno, reason="r")
    with desk.pen() as p:
        changed = content(title="Corrigé")
        acts.correct(p, case.id, changed, by=cast.bruno, reason="r", public_note="Titre changé.")
    with desk.pen() as p:
        changed = replace(changed, title="Caviardé")
        acts.redact(p, case.id, changed, by=cast.bruno, reason="r", public_note="Un nom ôté.")
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="securite", reason="r")
    with desk.pen(LATER) as p:
        attested = ("attribution", "no_private_person", "no_private_life")
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=attested)
    return int(case.number)


# --- the query of a page ------------------------------------------------------------------------


def test_every_public_act_has_one_kind_and_one_name() -> None:
    assert sorted(act for act, _label in PUBLIC_KINDS.values()) == sorted(PUBLIC_ACTS)


def test_a_journal_query_has_one_canonical_address(app: Flask) -> None:
    query = parse({"acte": ["retrait", "publication", "", "retrait"], "mois": [" 2026-03 "]})
    assert query == PublicJournalQuery(("publication", "retrait"), "2026-03")
    assert query.address == "/registre?acte=publication&acte=retrait&mois=2026-03"
    assert query.at_page(3).address == f"{query.address}&page=3"
    assert query.selection.acts == ("published", "withdrawn")
    with app.test_request_context("/"):
        removed = {chip.text: chip.address for chip in chips(query.at_page(3))}
    assert removed["Retrait"] == "/registre?acte=publication&mois=2026-03"
    assert parse({"autre": ["x"], "page": ["2"]}) == PublicJournalQuery(page=2)
    assert (parse({}).is_bare, query.is_bare) == (True, False)
    assert PublicJournalQuery().selection == JournalQuery()


@pytest.mark.parametrize(
    ("args", "key"),
    [
        ({"acte": ["published"]}, "filter"),
        ({"acte": ["Retrait"]}, "filter"),
        ({"acte": ["retrait"] * 101}, "filter_too_many"),
        ({"mois": ["2026"]}, "filter"),
        ({"mois": ["2026-03-01"]}, "filter"),
        ({"mois": ["2026-13"]}, "filter"),
        ({"mois": ["2026-03~"]}, "filter"),
        ({"mois": ["0000-01"]}, "filter"),
        ({"mois": ["2026-03", "2026-04"]}, "filter_single"),
        ({"page": ["0"]}, "page"),
        ({"page": ["01"]}, "page"),
        ({"page": ["10000000"]}, "page"),
    ],
)
def test_an_invalid_journal_query_is_refused(args: dict[str, list[str]], key: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(args)
    assert refused.value.key == key


@pytest.mark.parametrize(
    ("month", "since", "until"),
    [
        ("2026-01", datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC)),
        ("2026-03", datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)),
        ("2025-12", datetime(2025, 11, 30, 23, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_month_is_that_of_paris(month: str, since: datetime, until: datetime) -> None:
    selection = PublicJournalQuery(month=month).selection
    assert (selection.begin, selection.end) == (since, until)


def test_months_are_named_from_the_first_line_to_the_last() -> None:
    first, last = datetime(2025, 11, 30, 23, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert list_months(first, last) == ["2026-02", "2026-01", "2025-12"]
    assert list_months(last, last) == ["2026-02"]
    # A clock that was put back leaves one month rather than none.
    assert list_months(last, first) == ["2026-02"]


# --- the page -----------------------------------------------------------------------------------


def test_an_opened_register_has_one_line(stranger: Get) -> None:
    html = stranger("/registre").text
    assert listed_lines(html) == [1]
    assert "Ouverture du registre" in line_text(html, 1)


def test_each_line_has_its_act_case_reason_and_time(
    stranger: Get, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    number = publish_eventful_case(desk, cast, content)
    html = stranger("/registre").text
    assert listed_lines(html) == [8, 7, 6, 5, 4, 3, 2, 1]
    lines = {seq: line_text(html, seq) for seq in range(1, 9)}
    for seq, label in zip(
        range(2, 9),
        (
            "Publication",
            "Suite",
            "Droit de réponse",
            "Correction",
            "Passage retiré",
            "Retrait",
            "Rétablissement",
        ),
        strict=True,
    ):
        assert f"{label}, cas nº {number}" in lines[seq]
        assert "Selon le blog, le maire interdit de filmer" in lines[seq]
    assert lines[2].startswith("2 mars 2026 10 h 30, ligne 2 ")
    assert lines[8].startswith("1er juin 2026 10 h 00, ligne 8 ")
    assert "Une audience" in lines[3]
    assert "Titre changé." in lines[5]
    assert "Un nom ôté." in lines[6]
    assert "Motif : la sécurité d’une personne pouvait être menacée" in lines[7]


@pytest.mark.parametrize("end", ["withdrawn", "erased", "merged"])
def test_a_case_that_is_gone_keeps_its_lines_and_none_of_its_words(
    stranger: Get, desk: Any, end: str
) -> None:
    case = getattr(desk, end)(title="Zinzolin", summary="Un résumé zinzolin.")
    html = stranger("/registre").text
    assert "inzolin" not in html
    last = listed_lines(html)[0]
    assert f"cas nº {case.number}" in line_text(html, last)
    assert "Ce cas n’est plus affiché sous ce numéro." in line_text(html, last - 1)
    assert "Ce cas n’est plus affiché" not in line_text(html, last)
    if end == "merged":
        assert "Voir le cas nº 1" in line_text(html, last)


def test_the_words_vanish_with_the_case_and_come_back_with_it(
    stranger: Get, desk: Any, cast: Any, attested: tuple[str, ...]
) -> None:
    case = desk.published(title="Zinzolin", summary="Un résumé zinzolin.")
    assert "zinzolin" in stranger("/registre").text
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert "zinzolin" not in stranger("/registre").text
    with desk.pen() as p:
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=attested)
    assert line_text(stranger("/registre").text, 2).count("zinzolin") == 1


def test_the_author_of_a_withdrawal_request_is_not_published(
    stranger: Get, desk: Any, cast: Any
) -> None:
    case = desk.published()
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="demande_signalant", reason="r")
    html = stranger("/registre").text
    assert "le cas fait l’objet d’un nouvel examen" in line_text(html, 3)
    assert "signal" not in line_text(html, 3)


@pytest.mark.parametrize("language", ["", "/en"])
def test_an_erased_case_has_one_sentence_and_no_reason_anywhere(
    stranger: Get, desk: Any, cast: Any, session: Session, language: str
) -> None:
    case = desk.withdrawn()
    with desk.pen() as p:
        acts.erase(p, case.id, by=cast.ada, restriction="decision_de_justice", single=True)
    # In former versions the line of an erasure had its reason.
    line = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.ERASED)).one()
    assert json.loads(line.public_json)["reason"] is None
    line.public_json = line.public_json.replace(b'"reason":null', b'"reason":"decision_de_justice"')
    session.commit()
    sentence = "its texts are destroyed" if language else "ses textes sont détruits."
    pages = (f"{language}/incidents/{case.number}", f"{language}/registre")
    feeds = (f"/incidents/{case.number}.atom", "/incidents.atom", "/registre.atom")
    for address in (*pages, *feeds):
        text = stranger(address).text
        assert (sentence in text) == (address in pages or not language), address
        # Neither the reason of the erasure nor that of the withdrawal before it.
        for reason in ("Motif", "Reason", "justice", "court", "erreur", "error"):
            assert reason not in text.partition("<main")[2], (address, reason)


def test_lines_are_chosen_by_kind_and_by_month(
    stranger: Get, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    publish_eventful_case(desk, cast, content)
    assert listed_lines(stranger("/registre?acte=suite").text) == [3]
    assert listed_lines(stranger("/registre?acte=suite&acte=retrait").text) == [7, 3]
    assert listed_lines(stranger("/registre?mois=2026-06").text) == [8]
    assert listed_lines(stranger("/registre?mois=2026-03&acte=retablissement").text) == []
    html = stranger("/registre?mois=2026-03&acte=retrait").text
    assert listed_lines(html) == [7]
    assert '<a href="/registre?mois=2026-03">' in html
    assert '<a href="/registre?acte=retrait">' in html
    assert 'value="retrait" checked' in html
    assert '<option value="2026-03" selected>Mars 2026</option>' in html
    assert "Lignes retenues : 1 sur 8." in words(html)
    assert '<meta name="robots" content="noindex">' in html
    assert 'href="/registre.atom?acte=retrait&amp;mois=2026-03"' in html
    empty = stranger("/registre?mois=1999-12")
    assert empty.status_code == 200
    assert "Aucune ligne ne répond à ces filtres." in words(empty.text)
    assert '<option value="1999-12" selected>' in empty.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("acte=rien", 400),
        ("acte=published", 400),
        ("mois=2026", 400),
        ("mois=mars", 400),
        ("mois=2026-03&mois=2026-04", 400),
        ("page=0", 400),
        ("page=x", 400),
        ("page=2", 404),
        ("acte=retrait&page=2", 404),
        ("ligne=x", 400),
        ("ligne=01", 400),
        ("ligne=0", 404),
        ("ligne=2", 404),
    ],
)
def test_an_invalid_filter_is_refused(stranger: Get, query: str, status: int) -> None:
    assert stranger(f"/registre?{query}").status_code == status


@pytest.mark.parametrize("suffix", [".csv", ".html", ".json", "/", "/tete.json", "/1", ".jsonl/"])
def test_an_unknown_suffix_is_not_found(stranger: Get, suffix: str) -> None:
    assert stranger(f"/registre{suffix}").status_code == 404


def test_pages_follow_one_another_and_end(client: FlaskClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(public_journal, "PAGE_SIZE", 10)
    pages = [client.get(f"/registre?page={number}").text for number in (1, 2, 3, 4)]
    assert [seq for html in pages for seq in listed_lines(html)] == list(range(35, 0, -1))
    assert 'href="/registre?page=2" rel="next"' in pages[0]
    assert 'rel="next"' not in pages[3]
    assert client.get("/registre?page=5").status_code == 404
    filtered = [client.get(f"/registre?acte=publication&page={page}").text for page in (1, 4)]
    assert [len(listed_lines(html)) for html in filtered] == [10, 4]
    assert 'href="/registre?acte=publication&amp;page=2"' in filtered[0]
    assert client.get("/registre?acte=publication&page=5").status_code == 404
    redirect = client.get("/registre?ligne=12")
    assert (redirect.status_code, redirect.location) == (303, "/registre?page=3#ligne-12")
    assert 12 in listed_lines(client.get("/registre?page=3").text)
    assert client.get("/registre?ligne=35").location == "/registre#ligne-35"


def test_a_line_leads_to_its_page() -> None:
    position = LedgerPosition(101, "")
    assert [page_of_line(seq, position) for seq in (101, 52, 51, 2, 1)] == [1, 1, 2, 2, 3]


def test_the_form_needs_no_script(client: FlaskClient) -> None:
    html = client.get("/registre").text
    assert "<script" not in html
    assert re.search(r'<form action="/registre">.*<select [^>]*name="mois">', html, re.DOTALL)
    assert len(re.findall(r'<input type="checkbox" name="acte"', html)) == len(PUBLIC_KINDS)
    assert re.search(r'<button class="btn">Appliquer</button>\s*</form>', html)


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    yield statements
    event.remove(engine, "before_cursor_execute", record)


def test_the_whole_ledger_is_read_by_its_key_and_never_counted(
    session: Session, desk: Any, statements: list[str]
) -> None:
    """The first page must not cost more as the ledger grows."""
    for _ in range(3):
        desk.published()
    statements.clear()
    assert public_journal.query_page(session, JournalQuery(), 1, head(session)).total == 4
    of_lines = [statement for statement in statements if "journal_entry" in statement]
    assert not any("count(" in statement or "OFFSET" in statement for statement in statements)
    assert len(of_lines) == 1
    statements.clear()
    query = JournalQuery(acts=(Act.PUBLISHED,))
    for _ in range(3):
        assert public_journal.query_page(session, query, 1, head(session)).total == 3
    # A filtered answer is counted once for each position of the ledger.
    assert sum("count(" in statement for statement in statements) == 1


# --- the head -----------------------------------------------------------------------------------


def test_the_head_is_the_last_line(stranger: Get, desk: Any, session: Session) -> None:
    desk.published()
    answer = stranger("/registre/tete")
    assert answer.content_type == "application/json"
    document = json.loads(answer.data)
    assert canonical_json(document) == answer.data
    position = head(session)
    assert document == {
        "ledger": "public",
        "seq": position.seq,
        "digest": position.digest,
        "at": "2026-03-02T09:30:00Z",
    }
    assert f"{position.seq}:{position.digest}" in stranger("/registre").text


def test_a_register_without_a_line_has_a_head(stranger: Get, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM journal_entry")
        connection.exec_driver_sql("UPDATE journal_head SET seq = 0")
        connection.execute(
            JournalEntry.metadata.tables["journal_head"].update().values(digest=GENESIS)
        )
    assert json.loads(stranger("/registre/tete").data) == {
        "ledger": "public",
        "seq": 0,
        "digest": "00" * 32,
        "at": None,
    }
    page = stranger("/registre")
    assert (page.status_code, listed_lines(page.text)) == (200, [])
    lines = stranger("/registre.jsonl")
    assert (lines.status_code, lines.data) == (200, b"")


# --- the lines ----------------------------------------------------------------------------------


def test_the_lines_are_those_that_were_hashed(
    stranger: Get,
    desk: Any,
    cast: Any,
    content: Callable[..., Content],
    session: Session,
    monkeypatch: Any,
) -> None:
    publish_eventful_case(desk, cast, content)
    desk.ready()
    entries = session.query(JournalEntry).filter_by(ledger="public").order_by(JournalEntry.seq)
    verbatim = [line.public_json for line in entries]
    assert len(verbatim) == 8
    # Stretches of three lines: eight of them end in the middle of one.
    public_lines = registre.public_lines
    monkeypatch.setattr(registre, "public_lines", lambda *bounds: public_lines(*bounds, limit=3))
    answer = stranger("/registre.jsonl")
    assert answer.content_type == "application/jsonl"
    assert answer.is_streamed
    assert answer.data == b"".join(line + b"\n" for line in verbatim)
    digest = GENESIS
    for line in answer.data.splitlines():
        digest = chain_digest(digest, line)
    assert digest.hex() == json.loads(stranger("/registre/tete").data)["digest"]
    later = stranger("/registre.jsonl?apres=5")
    assert later.data == b"".join(line + b"\n" for line in verbatim[5:])
    assert stranger("/registre.jsonl?apres=0").data == answer.data
    assert stranger("/registre.jsonl?apres=8").data == b""


@pytest.mark.parametrize(
    ("apres", "status"), [("x", 400), ("-1", 400), ("01", 400), ("1.0", 400), ("2", 404)]
)
def test_lines_after_nonsense_are_refused(stranger: Get, apres: str, status: int) -> None:
    assert stranger(f"/registre.jsonl?apres={apres}").status_code == status


def test_a_head_request_for_the_lines_has_no_body(stranger: Get, desk: Any) -> None:
    desk.published()
    answer = stranger("/registre.jsonl", method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.content_type == "application/jsonl"
    unchanged = stranger("/registre.jsonl", headers={"If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_a_slow_reader_gets_the_lines_up_to_where_they_stood(
    app: Flask, desk: Any, engine: Engine, monkeypatch: Any
) -> None:
    """No transaction is held meanwhile: an act passes between two stretches."""
    desk.published()
    public_lines = registre.public_lines
    monkeypatch.setattr(registre, "public_lines", lambda *bounds: public_lines(*bounds, limit=1))
    read = registre._stream_lines(engine, 0, 2)
    first = next(read)
    desk.published()
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # A reader in the middle of its transaction would keep the log from being emptied.
            assert connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").first()[0] == 0
    assert [json.loads(line)["seq"] for line in (first, *read)] == [1, 2]


# --- the proof of a case ------------------------------------------------------------------------


def _proof(stranger: Get, address: str) -> dict[str, Any]:
    answer = stranger(address)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    proof: dict[str, Any] = json.loads(answer.data)
    assert canonical_json(proof) == answer.data
    digest = hashlib.sha256(
        bytes.fromhex(proof["salt"]) + canonical_json(proof["content"])
    ).hexdigest()
    assert digest == proof["commitment"]
    return proof


def test_a_proof_opens_the_commitment_of_its_line(
    stranger: Get, desk: Any, cast: Any, content: Callable[..., Content], session: Session
) -> None:
    case = desk.published()
    with desk.pen() as p:
        corrected = content(title="Corrigé")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="r", public_note="n")
    now = _proof(stranger, f"/incidents/{case.number}/preuve")
    before = _proof(stranger, f"/incidents/{case.number}/preuve?version=2")
    assert (now["version"], now["current"], now["content"]["title"]) == (3, True, "Corrigé")
    assert (before["version"], before["current"]) == (2, False)
    for proof in (now, before):
        line = session.get_one(JournalEntry, ("public", proof["version"]))
        public = json.loads(line.public_json)
        assert public["content"] == proof["commitment"]
        assert (public["case"], public["event"]) == (proof["case"], proof["event"])
    assert _proof(stranger, f"/incidents/{case.number}/preuve?version=3") == now


def test_the_page_of_a_case_leads_to_its_proof_and_its_line(
    stranger: Get, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published()
    with desk.pen() as p:
        corrected = content(title="Corrigé")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="r", public_note="n")
    for query, version in (("", 3), ("?version=2", 2)):
        html = stranger(f"/incidents/{case.number}{query}").text
        address = f"/incidents/{case.number}/preuve{query}"
        assert (
            f'<link rel="alternate" type="application/json" title="Preuve" href="{address}">'
            in (html)
        )
        assert f'href="/registre?ligne={version}">ligne {version}</a>' in html
        assert _proof(stranger, address)["commitment"][:12] in html


def test_a_case_that_is_gone_has_no_proof(
    stranger: Get, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    withdrawn, erased = desk.withdrawn(), desk.erased()
    merged = desk.merged()
    for case in (withdrawn, erased):
        assert stranger(f"/incidents/{case.number}/preuve").status_code == 410
        assert stranger(f"/incidents/{case.number}/preuve?version=2").status_code == 410
    redirect = stranger(f"/incidents/{merged.number}/preuve")
    assert (redirect.status_code, redirect.location) == (301, "/incidents/3/preuve")
    redacted = desk.published()
    version = _proof(stranger, f"/incidents/{redacted.number}/preuve")["version"]
    with desk.pen() as p:
        acts.redact(
            p, redacted.id, content(title="Sans"), by=cast.bruno, reason="r", public_note="n"
        )
        hidden = list(p.session.scalars(select(Revision.id)))
    address = f"/incidents/{redacted.number}/preuve"
    # A passage alone: what remains of the version is proved.
    assert _proof(stranger, f"{address}?version={version}")["redacted"] == version + 1
    with desk.pen() as p:
        whole = {"passages": (), "hidden": hidden}
        acts.redact(
            p,
            redacted.id,
            content(title="Sans"),
            by=cast.bruno,
            reason="r",
            public_note="n",
            **whole,
        )
    assert stranger(f"{address}?version={version}").status_code == 410
    assert _proof(stranger, address)["content"]["title"] == "Sans"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("9/preuve", 404),
        ("01/preuve", 404),
        ("x/preuve", 404),
        ("1/preuve.json", 404),
        ("1/preuve?version=x", 400),
        ("1/preuve?version=01", 400),
        ("1/preuve?version=0", 404),
        ("1/preuve?version=1", 404),
        ("1/preuve?version=99", 404),
    ],
)
def test_a_bad_proof_is_refused(stranger: Get, desk: Any, path: str, status: int) -> None:
    desk.published()
    assert stranger(f"/incidents/{path}").status_code == status


def test_a_text_that_is_destroyed_while_it_is_read_has_no_proof(
    stranger: Get, desk: Any, engine: Engine
) -> None:
    """PostgreSQL shows each statement what was committed before it, not before the first."""
    case = desk.published()
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE revision SET salt = NULL")
    assert stranger(f"/incidents/{case.number}/preuve").status_code == 410


def test_the_verifier_is_served_and_has_its_command_on_the_data_page(client: FlaskClient) -> None:
    answer = client.get("/registre/verifier.py")
    assert answer.status_code == 200
    assert answer.mimetype == "text/x-python"
    assert "Vérifie ce qui vient d'un registre" in answer.text
    html = client.get("/donnees").text
    assert 'id="verifier"' in html
    assert "curl -o verifier.py http://127.0.0.1:5000/registre/verifier.py" in html


def test_a_changed_page_is_a_line_an_entry_and_a_text_to_download(
    stranger: Get, pen: Any, cast: Any
) -> None:
    before = stranger("/registre/textes/methode.md")
    assert (before.status_code, before.mimetype) == (200, "text/markdown")
    seen = 0
    for text in ("Un mot zinzolin.", "Un autre texte."):
        with pen() as p:
            seen = page_acts.save_page(
                p, "methode", "Méthode", text, by=cast.ada, reason="r", seen_revision=seen
            ).id
    journal, feed = stranger("/registre").text, stranger("/registre.atom").text
    assert listed_lines(journal) == [3, 2, 1]
    assert "Page du site changée" in line_text(journal, 3)
    assert "methode.md" in line_text(journal, 3)
    assert "Textes scellés" in line_text(journal, 1)
    assert listed_lines(stranger("/registre?acte=page").text) == [3, 2]
    assert "Page du site changée\N{NO-BREAK SPACE}: /methode" in feed
    assert "http://127.0.0.1:5000/registre/textes/methode.md" in feed
    after = stranger("/registre/textes/methode.md")
    assert after.data == "# Méthode\n\nUn autre texte.\n".encode()
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["X-Robots-Tag"] == "noindex"
    # A text that was replaced is for members only.
    pages = (journal, feed, stranger("/registre.jsonl").text, after.text)
    assert not any("inzolin" in page for page in pages)


def test_a_release_that_changes_texts_is_a_line_and_an_entry(
    stranger: Get, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editorial, "PUBLIC_TEXT_NAMES", editorial.PUBLIC_TEXT_NAMES[1:])
    setup.refresh(engine)
    assert "Libellés, noms de lieux ou pages mis à jour" in line_text(stranger("/registre").text, 2)
    assert "Une nouvelle version du logiciel" in stranger("/registre.atom").text
    assert stranger("/registre/textes/a-propos.md").status_code == 404


def test_acts_of_the_desk_are_on_no_line(stranger: Get, desk: Any) -> None:
    before = {name: stranger(f"/registre{name}").data for name in ("", ".jsonl", "/tete")}
    desk.ready()
    assert {name: stranger(f"/registre{name}").data for name in before} == before
