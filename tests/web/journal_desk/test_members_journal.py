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
from register.journal.web.journal_sentences import (
    ACT_GROUPS,
    ACT_SENTENCES,
    ACTS_BY_NAME,
    GROUP_NAMES,
)
from register.reports import acts as reports

pytestmark = pytest.mark.one_database

HOME = "/moderation/journal"


@pytest.fixture
def bruno(signed):
    return signed("bruno")


def _rows(answer):
    """The table's rows, as a spreadsheet reads them."""
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def _lines(answer):
    """The places of the lines of a page, in its order."""
    assert answer.status_code == 200
    return re.findall(r'<li class="entry row" id="(\w+-\d+)">', answer.text)


def _text(answer):
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_it_says_who_did_what_to_which_case(bruno, desk):
    filed = desk.published(title="Filmer à Gagny")
    told = bruno.get(HOME)
    said = _text(told)
    assert "Chloe a approuvé une version, pour la publier" in said
    assert "Bruno a publié le cas" in said
    assert "Approuvé par\u00a0: chloe" in said
    assert "chaque accusation est attribuée" in said
    assert "La console a désactivé un compte\u00a0: driss" in said
    assert (
        f'/moderation/dossiers/{filed.id}"><span>Cas nº 1, Filmer à Gagny</span></a>' in told.text
    )
    assert "10\u00a0h\u00a030, livre du bureau, ligne 8" in told.text


def test_reasons_that_only_members_know_are_opened(bruno, desk, cast):
    filed = desk.published()
    with desk.pen() as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="demande_signalant", reason="r")
    said = _text(bruno.get(HOME + "?acte=retrait"))
    assert "Motif public\u00a0:" in said
    assert "Motif pour les membres\u00a0:" in said


def test_words_that_were_destroyed_are_on_no_page(bruno, desk):
    desk.erased(title="Zinzolin")
    for address in (HOME, HOME + ".csv", HOME + "/public/2"):
        answer = bruno.get(address)
        assert answer.status_code == 200
        assert "inzolin" not in answer.text
    assert "(textes effacés)" in bruno.get(HOME).text
    assert "Versions détruites\u00a0: 1, 2" in _text(bruno.get(HOME))


def test_a_name_is_written_as_it_is(bruno, desk, cast):
    with desk.pen() as p:
        accounts.add_member(
            p, "e@register.test", Role.MODERATOR, "x" * 6 + "yZ7-qp", name="<b>Ève</b>"
        )
    assert "&lt;b&gt;Ève&lt;/b&gt;" in bruno.get(HOME).text


QUESTIONS = (
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


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_table_holds_the_lines_of_the_page_and_no_other(bruno, desk, question):
    desk.published()
    desk.withdrawn()
    shown = _lines(bruno.get(HOME + question))
    rows = _rows(bruno.get(f"{HOME}.csv{question}"))
    assert [f"{row['livre']}-{row['ligne']}" for row in rows] == shown
    assert bool(shown) is (question != "?acte=effacement")


def test_pages_lead_to_the_end_and_back(bruno, desk, cast):
    filed = desk.draft()
    with desk.pen() as p:
        for _time in range(120):
            acts.note(p, filed.id, "à vérifier", by=cast.bruno)
    found, address = [], HOME + "?acte=note"
    while address:
        answer = bruno.get(address)
        found += _lines(answer)
        further = re.search(r'<a href="([^"]+)" rel="next">', answer.text)
        address = further[1].replace("&amp;", "&") if further else ""
    assert len(found) == len(set(found)) == 120
    assert "Revenir aux plus récentes" in answer.text
    # The table is of the whole answer, wherever one stands in it.
    assert len(_rows(bruno.get(HOME + ".csv?acte=note"))) == 120


def test_a_long_table_is_whole(bruno, desk, cast, monkeypatch):
    from register.journal.web import members_journal

    monkeypatch.setattr(members_journal, "_BATCH_SIZE", 3)
    desk.published()
    desk.published()
    assert len(_rows(bruno.get(HOME + ".csv"))) == len(_lines(bruno.get(HOME))) > 9


FAULTS = {
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


@pytest.mark.parametrize("question", FAULTS)
@pytest.mark.parametrize("suffix", ["", ".csv"])
def test_a_filter_that_makes_no_sense_is_said_at_its_field(bruno, question, suffix):
    answer = bruno.get(HOME + suffix + question)
    assert answer.status_code == 422
    assert f'<a href="#{FAULTS[question]}">' in answer.text
    assert f'id="{FAULTS[question]}-faute"' in answer.text
    # What was typed is still there to be put right.
    if "=hier" in question:
        assert 'value="hier"' in answer.text


@pytest.mark.parametrize("after", ["x", "public-0", "public-999999", "reports-1", "bureau-1-2"])
def test_a_place_that_is_none_is_not_found(bruno, after):
    assert bruno.get(f"{HOME}?apres={after}").status_code == 404


def test_hostile_addresses_are_refused_or_harmless(bruno):
    for text in ("\x00", "\u202e", "\ud800", "=cmd", "<script>", "9" * 4000, "😀"):
        for name in ("membre", "acte", "cas", "dossier", "du", "au", "livre", "apres"):
            answer = bruno.client.get(HOME, query_string={name: text.encode("utf-8", "replace")})
            # What hides is taken out of a text before it is read, and leaves nothing.
            told = (200,) if text == "\u202e" else (400, 404, 422)
            assert answer.status_code in (*told, 404, 422), (name, text)
            assert "<script>" not in answer.text


# --- the table -----------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["=1+1", "+33 1", "-2", "@SUM(A1)", "＝1"])
def test_a_title_is_no_formula(bruno, desk, title):
    desk.draft(title=title)
    titles = {row["titre"] for row in _rows(bruno.get(HOME + ".csv"))} - {""}
    assert titles == {ESCAPE_MARK + title}


def test_cells_hold_what_breaks_a_line(bruno, desk):
    desk.draft(title='Un "titre", avec ; et \u2028 fin')
    rows = _rows(bruno.get(HOME + ".csv"))
    assert 'Un "titre", avec ; et' in "".join(row["titre"] for row in rows)
    assert all(None not in row for row in rows)


def test_the_table_is_a_file_that_nobody_keeps(bruno, desk):
    filed = desk.published()
    answer = bruno.get(HOME + ".csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="journal.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    published = next(row for row in _rows(answer) if row["acte"] == "published")
    assert published["moment"] == "2026-03-02T10:30:00+01:00"
    assert (published["cas"], published["dossier"]) == (str(filed.number), str(filed.id))
    assert published["membre"] == "bruno"
    assert len(published["empreinte"]) == 64


# --- one line ------------------------------------------------------------------------------


def test_a_line_is_opened_and_checked(bruno, desk):
    desk.published()
    told = bruno.get(HOME + "/public/2")
    assert told.text.count("<b>concorde</b>") == 3
    assert "&#34;approved_by&#34;:[2]" in told.text
    assert f'<a href="{HOME}/public/1" rel="prev">' in told.text
    assert 'rel="next"' not in told.text


@pytest.mark.parametrize(
    ("column", "value", "differ"),
    [
        ("private_json", b'{"by":3}', 1),
        ("private_salt", b"s" * 32, 1),
        ("act", "withdrawn", 1),
        ("digest", b"d" * 32, 1),
        ("public_json", b"{", 3),
    ],
)
def test_what_does_not_hold_is_said_to_differ(bruno, desk, engine, column, value, differ):
    desk.published()
    with engine.begin() as connection:
        connection.execute(
            update(JournalEntry.__table__)
            .where(JournalEntry.__table__.c.ledger == "public", JournalEntry.__table__.c.seq == 2)
            .values({column: value})
        )
    told = bruno.get(HOME + "/public/2")
    assert told.status_code == 200
    assert told.text.count("<b>diffère</b>") == differ
    assert bruno.get(HOME).status_code == 200


@pytest.mark.parametrize(
    "place", ["public/0", "public/999", "reports/1", "desk/1", "bureau/01x", "public/9999999999"]
)
def test_an_unknown_line_is_not_found(bruno, place):
    assert bruno.get(f"{HOME}/{place}").status_code == 404


# --- who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", ".csv", "/public/1", "/bureau/9999", "?acte=x"])
def test_who_is_nobody_is_told_nothing(app, signed, desk, path):
    desk.published()
    for browser in (app.test_client(), signed("driss").client):
        answer = browser.get(HOME + path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/compte/connexion")
        assert "publié" not in answer.text


@pytest.mark.parametrize("path", ["", ".csv", "/public/1"])
def test_nothing_is_changed_by_it(bruno, desk, path):
    desk.published()
    for method in ("post", "put", "delete"):
        answer = getattr(bruno.client, method)(HOME + path, data={"csrf_token": bruno.csrf})
        # Without a form there, whether the token or the method is missed first says nothing.
        assert answer.status_code in (400, 403, 405)


# --- words ---------------------------------------------------------------------------------


def test_every_act_group_and_kind_has_its_words():
    told = {act.value for act in Act}
    assert told == {name.partition(".")[0] for name in ACT_SENTENCES}
    assert set(GROUP_NAMES) == set(ACT_GROUPS)


def test_each_act_has_its_place_in_one_group():
    grouped = [act for kinds in ACT_GROUPS.values() for act, _label in kinds.values()]
    assert sorted(grouped) == sorted(Act)
    # No kind has the name of another, or of a group.
    assert len(ACTS_BY_NAME) == len(grouped) + len(ACT_GROUPS)


def test_variants_of_an_act_are_told_apart(bruno, desk, cast):
    filed = desk.draft()
    with desk.pen() as p:
        acts.invite(p, filed.id, "adresse inconnue", by=cast.bruno)
        acts.approve(p, filed.id, by=cast.chloe, purpose="erase")
        acts.claim(p, filed.id, by=cast.bruno)
        acts.release(p, filed.id, by=cast.ada)
    said = _text(bruno.get(HOME))
    assert "pourquoi l’autorité n’est pas invitée" in said
    assert "Chloe a approuvé l’effacement du dossier" in said
    assert "Ada a rendu le dossier que bruno avait en main" in said


def test_what_is_done_with_reports_is_told_without_their_words(bruno, inbox, desk, store):
    gone = inbox.spam(AT - timedelta(days=500))
    for days in (490, 100):
        with desk.pen(AT - timedelta(days=days)) as p:
            reports.purge(p, store, 24)
    draft = desk.draft()
    inbox.accepted(into=draft.id)
    filed, declined = inbox.waiting(), inbox.declined(reason="doublon")
    inbox.answered(filed)
    inbox.accepted()
    with desk.pen() as p:
        acts.discard(p, draft.id, by=inbox.cast.bruno)
    with desk.pen() as p:
        reports.forget(p, store)
    told = bruno.get(HOME + "?acte=signalements")
    said = _text(told)
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
        assert sentence in said, sentence
    for key in (filed.key, declined.key):
        assert f'href="/moderation/signalements/{key}"' in told.text
    assert gone.key not in told.text
    assert f'href="/moderation/dossiers/{draft.id}"' in told.text
    for address in (HOME, HOME + ".csv"):
        page = bruno.get(address).text
        assert [words for words in (WORDS, QUESTION, ANSWER, SENTENCE) if words in page] == []
    rows = _rows(bruno.get(HOME + ".csv?acte=signalement-detruit"))
    assert [row["membre"] for row in rows] == ["le registre"] * 3
    # What came from those who report tells a day, and is nobody's of the console.
    received = _rows(bruno.get(HOME + ".csv?acte=signalement-recu"))
    assert {(row["livre"], row["membre"]) for row in received} == {
        ("signalements", "l’auteur du signalement")
    }
    assert all(len(row["moment"]) == len("2026-03-02") for row in received)
    console = {row["livre"] for row in _rows(bruno.get(HOME + ".csv?membre=0"))}
    assert "signalements" not in console
    # One line, opened: its private part names the report by its key and by nothing else.
    place = _lines(bruno.get(HOME + "?acte=question"))[0].replace("-", "/")
    line = bruno.get(f"{HOME}/{place}")
    assert f'href="/moderation/signalements/{filed.key}"' in line.text
    assert line.text.count("<b>concorde</b>") == 3


def test_days_are_those_of_paris(bruno, desk, cast):
    filed = desk.draft()
    with desk.pen(datetime(2026, 3, 4, 23, 30, tzinfo=UTC)) as p:
        acts.note(p, filed.id, "tard", by=cast.bruno)
    assert len(_lines(bruno.get(HOME + "?acte=note&du=2026-03-05&au=2026-03-05"))) == 1
    assert _lines(bruno.get(HOME + "?acte=note&au=2026-03-04")) == []
    assert "Aucune ligne ne répond à ces filtres." in bruno.get(HOME + "?acte=effacement").text


def test_a_page_asks_the_database_few_things(app, bruno, desk):
    from sqlalchemy import event

    desk.published()
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    bruno.get(HOME)
    few = len(asked)
    for _time in range(12):
        desk.published()
    asked.clear()
    bruno.get(HOME)
    assert len(asked) <= few < 20
