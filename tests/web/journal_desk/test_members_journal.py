"""The members' journal on its pages and in its table."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from cast import AT
from report_factory import ANSWER, QUESTION, SENTENCE, WORDS
from sqlalchemy import update

from register.accounts import acts as accounts
from register.accounts.models import Role
from register.cases import acts
from register.db import db
from register.exchange.csv_syntax import ESCAPE_MARK
from register.journal import Act, JournalEntry
from register.journal.web.journal_sentences import ACT_GROUPS, ACTS_BY_NAME
from register.reports import acts as reports
from register.web import messages

pytestmark = pytest.mark.one_database

JOURNAL = "/moderation/journal"


@pytest.fixture
def bruno(signed):
    return signed("bruno")


def _csv_rows(response):
    """The rows of the CSV file."""
    assert response.status_code == 200
    assert response.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))


def _line_ids(response):
    """The ids of the lines of a page, in order."""
    assert response.status_code == 200
    return re.findall(r'<li class="entry row" id="(\w+-\d+)">', response.text)


def _page_text(response):
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", response.text))


def test_a_line_names_member_act_and_case(bruno, desk):
    case = desk.published(title="Filmer à Gagny")
    response = bruno.get(JOURNAL)
    text = _page_text(response)
    assert "Chloe a approuvé une version, pour la publier" in text
    assert "Bruno a publié le cas" in text
    assert "Approuvé par\u00a0: chloe" in text
    assert "chaque accusation est attribuée" in text
    assert "La console a désactivé un compte\u00a0: driss" in text
    assert (
        f'/moderation/dossiers/{case.id}"><span>Cas nº 1, Filmer à Gagny</span></a>'
        in response.text
    )
    assert "10\u00a0h\u00a030, livre du bureau, ligne 8" in response.text


def test_reasons_for_members_are_shown(bruno, desk, cast):
    case = desk.published()
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="demande_signalant", reason="r")
    text = _page_text(bruno.get(JOURNAL + "?acte=retrait"))
    assert "Motif public\u00a0:" in text
    assert "Motif pour les membres\u00a0:" in text


def test_destroyed_texts_are_on_no_page(bruno, desk):
    desk.erased(title="Zinzolin")
    for address in (JOURNAL, JOURNAL + ".csv", JOURNAL + "/public/2"):
        response = bruno.get(address)
        assert response.status_code == 200
        assert "inzolin" not in response.text
    assert "(textes effacés)" in bruno.get(JOURNAL).text
    assert "Versions détruites\u00a0: 1, 2" in _page_text(bruno.get(JOURNAL))


def test_a_name_with_markup_is_escaped(bruno, desk, cast):
    with desk.pen() as p:
        accounts.add_member(
            p, "e@register.test", Role.MODERATOR, "x" * 6 + "yZ7-qp", name="<b>Ève</b>"
        )
    assert "&lt;b&gt;Ève&lt;/b&gt;" in bruno.get(JOURNAL).text


QUERIES = (
    "",
    "?acte=accord",
    "?acte=comptes",
    "?membre=2",
    "?membre=0&livre=bureau",
    "?cas=1",
    "?dossier=2&livre=public",
    "?du=2026-03-02&au=2026-03-02",
    "?acte=effacement",
    "?membre=&acte=&cas=&dossier=&du=&au=&livre=",
)


def test_the_csv_file_has_the_lines_of_the_page(bruno, desk):
    desk.published()
    desk.withdrawn()
    for query in QUERIES:
        line_ids = _line_ids(bruno.get(JOURNAL + query))
        rows = _csv_rows(bruno.get(f"{JOURNAL}.csv{query}"))
        assert [f"{row['livre']}-{row['ligne']}" for row in rows] == line_ids, query
        assert bool(line_ids) is (query != "?acte=effacement"), query


def test_a_long_journal_has_pages(bruno, desk, cast):
    case = desk.draft()
    with desk.pen() as p:
        for _time in range(120):
            acts.note(p, case.id, "à vérifier", by=cast.bruno)
    line_ids, address = [], JOURNAL + "?acte=note"
    while address:
        response = bruno.get(address)
        line_ids += _line_ids(response)
        next_link = re.search(r'<a href="([^"]+)" rel="next">', response.text)
        address = next_link[1].replace("&amp;", "&") if next_link else ""
    assert len(line_ids) == len(set(line_ids)) == 120
    assert "Revenir aux plus récentes" in response.text
    # The CSV file has the lines of all pages.
    assert len(_csv_rows(bruno.get(JOURNAL + ".csv?acte=note"))) == 120


def test_a_long_csv_file_is_complete(bruno, desk, cast, monkeypatch):
    from register.journal.web import members_journal

    monkeypatch.setattr(members_journal, "_BATCH_SIZE", 3)
    desk.published()
    desk.published()
    assert len(_csv_rows(bruno.get(JOURNAL + ".csv"))) == len(_line_ids(bruno.get(JOURNAL))) > 9


INVALID_QUERIES = {
    "?membre=999": "membre",
    "?membre=x": "membre",
    "?acte=inconnu": "acte",
    "?cas=douze": "cas",
    "?cas=0": "cas",
    "?cas=99999999999": "cas",
    "?dossier=-1": "dossier",
    "?du=hier": "du",
    "?du=2026-02-30": "du",
    "?du=0999-01-01": "du",
    "?au=9999-12-31": "au",
    "?du=2026-03-02&au=2026-03-01": "au",
    "?livre=reports": "livre",
}


@pytest.mark.parametrize("suffix", ["", ".csv"])
def test_an_invalid_filter_is_reported_at_its_field(bruno, suffix):
    for query, field in INVALID_QUERIES.items():
        response = bruno.get(JOURNAL + suffix + query)
        assert response.status_code == 422, query
        assert f'<a href="#{field}">' in response.text, query
        assert f'id="{field}-faute"' in response.text, query
        # The typed value is kept.
        assert ('value="hier"' in response.text) is ("=hier" in query), query


@pytest.mark.parametrize("after", ["x", "public-0", "public-999999", "reports-1", "bureau-1-2"])
def test_an_unknown_page_position_is_not_found(bruno, after):
    assert bruno.get(f"{JOURNAL}?apres={after}").status_code == 404


def test_hostile_addresses_are_refused_or_harmless(bruno):
    for text in ("\x00", "\u202e", "\ud800", "=cmd", "<script>", "9" * 4000, "😀"):
        for name in ("membre", "acte", "cas", "dossier", "du", "au", "livre", "apres"):
            response = bruno.client.get(
                JOURNAL, query_string={name: text.encode("utf-8", "replace")}
            )
            # Invisible characters are removed first, which leaves an empty filter.
            statuses = (200,) if text == "\u202e" else (400, 404, 422)
            assert response.status_code in (*statuses, 404, 422), (name, text)
            assert "<script>" not in response.text


# --- the CSV file --------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["=1+1", "+33 1", "-2", "@SUM(A1)", "＝1"])
def test_a_title_is_never_a_formula(bruno, desk, title):
    desk.draft(title=title)
    titles = {row["titre"] for row in _csv_rows(bruno.get(JOURNAL + ".csv"))} - {""}
    assert titles == {ESCAPE_MARK + title}


def test_cells_may_contain_line_separators(bruno, desk):
    desk.draft(title='Un "titre", avec ; et \u2028 fin')
    rows = _csv_rows(bruno.get(JOURNAL + ".csv"))
    assert 'Un "titre", avec ; et' in "".join(row["titre"] for row in rows)
    assert all(None not in row for row in rows)


def test_the_csv_file_is_an_attachment_and_not_cached(bruno, desk):
    case = desk.published()
    response = bruno.get(JOURNAL + ".csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="journal.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    published = next(row for row in _csv_rows(response) if row["acte"] == "published")
    assert published["moment"] == "2026-03-02T10:30:00+01:00"
    assert (published["cas"], published["dossier"]) == (str(case.number), str(case.id))
    assert published["membre"] == "bruno"
    assert len(published["empreinte"]) == 64


# --- one line ------------------------------------------------------------------------------


def test_the_page_of_a_line_verifies_it(bruno, desk):
    desk.published()
    response = bruno.get(JOURNAL + "/public/2")
    assert response.text.count("<b>concorde</b>") == 3
    assert "&#34;approved_by&#34;:[2]" in response.text
    assert f'<a href="{JOURNAL}/public/1" rel="prev">' in response.text
    assert 'rel="next"' not in response.text


@pytest.mark.parametrize(
    ("column", "value", "difference_count"),
    [
        ("private_json", b'{"by":3}', 1),
        ("private_salt", b"s" * 32, 1),
        ("act", "withdrawn", 1),
        ("digest", b"d" * 32, 1),
        ("public_json", b"{", 3),
    ],
)
def test_a_tampered_line_is_shown_as_different(
    bruno, desk, engine, column, value, difference_count
):
    desk.published()
    with engine.begin() as connection:
        connection.execute(
            update(JournalEntry.__table__)
            .where(JournalEntry.__table__.c.ledger == "public", JournalEntry.__table__.c.seq == 2)
            .values({column: value})
        )
    response = bruno.get(JOURNAL + "/public/2")
    assert response.status_code == 200
    assert response.text.count("<b>diffère</b>") == difference_count
    assert bruno.get(JOURNAL).status_code == 200


@pytest.mark.parametrize(
    "line", ["public/0", "public/999", "reports/1", "desk/1", "bureau/01x", "public/9999999999"]
)
def test_an_unknown_line_is_not_found(bruno, line):
    assert bruno.get(f"{JOURNAL}/{line}").status_code == 404


# --- access --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", ".csv", "/public/1", "/bureau/9999", "?acte=x"])
def test_strangers_and_disabled_members_are_sent_to_the_sign_in(app, signed, desk, path):
    desk.published()
    for browser in (app.test_client(), signed("driss").client):
        response = browser.get(JOURNAL + path)
        assert response.status_code == 303
        assert response.headers["Location"].startswith("/compte/connexion")
        assert "publié" not in response.text


@pytest.mark.parametrize("path", ["", ".csv", "/public/1"])
def test_the_journal_accepts_no_other_method(bruno, desk, path):
    desk.published()
    for method in ("post", "put", "delete"):
        response = getattr(bruno.client, method)(JOURNAL + path, data={"csrf_token": bruno.csrf})
        # Either the missing form or the missing method is refused first.
        assert response.status_code in (400, 403, 405)


# --- sentences -----------------------------------------------------------------------------


def test_every_act_and_group_has_a_sentence():
    acts_of_journal = {act.value for act in Act}
    assert acts_of_journal == {name.partition(".")[0] for name in messages.journal.act_sentences}
    assert set(messages.journal.group_names) == set(ACT_GROUPS)


def test_each_act_is_in_one_group():
    grouped = [act for kinds in ACT_GROUPS.values() for act, _label in kinds.values()]
    assert sorted(grouped) == sorted(Act)
    # Names of acts and groups are unique.
    assert len(ACTS_BY_NAME) == len(grouped) + len(ACT_GROUPS)


def test_variants_of_an_act_have_different_sentences(bruno, desk, cast):
    case = desk.draft()
    with desk.pen() as p:
        acts.invite(p, case.id, "adresse inconnue", by=cast.bruno)
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        acts.claim(p, case.id, by=cast.bruno)
        acts.release(p, case.id, by=cast.ada)
    text = _page_text(bruno.get(JOURNAL))
    assert "pourquoi l’autorité n’est pas invitée" in text
    assert "Chloe a approuvé l’effacement du dossier" in text
    assert "Ada a rendu le dossier que bruno avait en main" in text


def test_acts_on_reports_are_shown_without_their_texts(bruno, inbox, desk, store):
    forgotten = inbox.spam(AT - timedelta(days=500))
    for days in (490, 100):
        with desk.pen(AT - timedelta(days=days)) as p:
            reports.purge(p, store, 24)
    draft = desk.draft()
    inbox.accepted(into=draft.id)
    waiting, declined = inbox.waiting(), inbox.declined(reason="doublon")
    inbox.answered(waiting)
    inbox.accepted()
    with desk.pen() as p:
        acts.discard(p, draft.id, by=inbox.cast.bruno)
    with desk.pen() as p:
        reports.forget(p, store)
    response = bruno.get(JOURNAL + "?acte=signalements")
    text = _page_text(response)
    for sentence in (
        "Bruno a pris un signalement en main",
        "Bruno a posé une question à l’auteur d’un signalement",
        "Bruno a rattaché un signalement à un dossier",
        "Bruno a retenu un signalement et ouvert un brouillon",
        "Bruno a écarté un signalement",
        "Bruno a mis un signalement parmi les indésirables",
        "Le registre a détruit les textes d’un signalement",
        "Le registre a oublié un signalement et n’en garde que le décompte",
        "Le registre a détruit ce qu’un cas effacé gardait d’un signalement",
        "Motif\u00a0: déjà dans le registre",
        "Signalement reçu le 2\u00a0mars 2026",
        "Signalement détruit",
    ):
        assert sentence in text, sentence
    for key in (waiting.key, declined.key):
        assert f'href="/moderation/signalements/{key}"' in response.text
    assert forgotten.key not in response.text
    assert f'href="/moderation/dossiers/{draft.id}"' in response.text
    for address in (JOURNAL, JOURNAL + ".csv"):
        page = bruno.get(address).text
        assert [secret for secret in (WORDS, QUESTION, ANSWER, SENTENCE) if secret in page] == []
    rows = _csv_rows(bruno.get(JOURNAL + ".csv?acte=signalement-detruit"))
    assert [row["membre"] for row in rows] == ["le registre"] * 3
    # A received report has a day, no time, and is not an act of the console.
    received = _csv_rows(bruno.get(JOURNAL + ".csv?acte=signalement-recu"))
    assert {(row["livre"], row["membre"]) for row in received} == {
        ("signalements", "l’auteur du signalement")
    }
    assert all(len(row["moment"]) == len("2026-03-02") for row in received)
    console = {row["livre"] for row in _csv_rows(bruno.get(JOURNAL + ".csv?membre=0"))}
    assert "signalements" not in console
    # The private part of a line names the report by its key only.
    line_id = _line_ids(bruno.get(JOURNAL + "?acte=question"))[0].replace("-", "/")
    line = bruno.get(f"{JOURNAL}/{line_id}")
    assert f'href="/moderation/signalements/{waiting.key}"' in line.text
    assert line.text.count("<b>concorde</b>") == 3


def test_days_of_filters_are_in_paris_time(bruno, desk, cast):
    case = desk.draft()
    with desk.pen(datetime(2026, 3, 4, 23, 30, tzinfo=UTC)) as p:
        acts.note(p, case.id, "tard", by=cast.bruno)
    assert len(_line_ids(bruno.get(JOURNAL + "?acte=note&du=2026-03-05&au=2026-03-05"))) == 1
    assert _line_ids(bruno.get(JOURNAL + "?acte=note&au=2026-03-04")) == []
    assert "Aucune ligne ne répond à ces filtres." in bruno.get(JOURNAL + "?acte=effacement").text


def test_the_number_of_queries_does_not_grow_with_the_journal(app, bruno, desk):
    from sqlalchemy import event

    desk.published()
    statements = []
    event.listen(
        db.engine, "before_cursor_execute", lambda *event_args: statements.append(event_args[2])
    )
    bruno.get(JOURNAL)
    statement_count = len(statements)
    for _time in range(12):
        desk.published()
    statements.clear()
    bruno.get(JOURNAL)
    assert len(statements) <= statement_count < 20
