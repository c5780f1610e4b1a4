"""Report form, review and receipt (``/signaler``)."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import Registers, application, open_engine, seal_folder
from flask import Flask
from form_client import FormClient
from report_factory import count_rows
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register import encryption
from register.cases.vocabulary import VOCABULARY_FILE
from register.config import Settings
from register.db import db, now, sqlite_path, write_engine
from register.key_store import KeyStore
from register.reports import acts, form_vocabulary, queries
from register.reports.models import Report, ReportState
from register.reports.queries import ReportView
from register.reports.report_content import (
    ACCOUNT_LIMIT,
    CONTACT_LIMIT,
    LINE_LIMIT,
    LINK_LIMIT,
    LINKS_LIMIT,
    ReportContent,
)
from register.reports.web import public_forms, report_form, report_views
from register.text import dates
from register.text.dates import paris_day
from register.web import rate_limits

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

FORM = "/signaler"
WORDS = "Ce soir au conseil, le maire a fait éteindre ma caméra."
CODE = re.compile(r'<p class="code" translate="no">([0-9A-Z-]{19})</p>')


@pytest.fixture
def amina(app: Flask) -> FormClient:
    visitor = FormClient(app)
    visitor.get(FORM)
    return visitor


def looked_at(visitor: FormClient, **typed: str) -> int:
    return visitor.send(FORM, etape="verifier", **{"recit": WORDS, **typed}).status_code


def sent(visitor: FormClient, **typed: str) -> str:
    """The code after filling in, reviewing and sending the form."""
    assert looked_at(visitor, **typed) == 200, visitor.text
    answer = visitor.send(FORM, etape="envoyer")
    assert answer.status_code == 200, visitor.text
    return code_of(visitor)


def code_of(visitor: FormClient) -> str:
    assert visitor.answer
    found = CODE.search(visitor.answer.get_data(as_text=True))
    assert found, visitor.text
    return found[1]


def spaced(visitor: FormClient) -> str:
    """The text of the page with plain spaces."""
    return " ".join(visitor.text.split())


def html(visitor: FormClient) -> str:
    assert visitor.answer
    return visitor.answer.get_data(as_text=True)


def value(visitor: FormClient, name: str) -> str:
    return dict(visitor.form(FORM).fields)[name]


def received(settings: Settings, store: KeyStore, code: str) -> ReportView:
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        key = queries.key_by_code(session, store, code)
        assert key
        return queries.get_report(session, store, key)


def kept(settings: Settings, store: KeyStore, code: str) -> ReportContent:
    found = received(settings, store, code).received
    assert found
    return found.sent


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", form_vocabulary.LISTS)
def test_every_code_of_a_vocabulary_has_plain_words(settings: Settings, name: str) -> None:
    rows = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))[name]
    in_use = [row["code"] for row in rows if "retired_at" not in row]
    for words in (form_vocabulary.words(name), form_vocabulary.words(name, "en")):
        assert sorted(words) == sorted(in_use)
        for word in words.values():
            assert word.label, word.code
            assert bool(word.example) == (name == "type"), word.code
    for told in [word.label + word.example for word in form_vocabulary.words(name).values()]:
        assert not re.search(r"'|\w [:;?!»]|« ", told), told


def test_each_type_is_offered_once_with_its_family(settings: Settings) -> None:
    family_of = {
        row["code"]: row["famille"]
        for row in tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))["type"]
    }
    told = [
        (word.code, family) for family, own in form_vocabulary.families().items() for word in own
    ]
    assert sorted(told) == sorted(family_of.items())


# --- from the form to the receipt ---------------------------------------------------------------


def test_only_the_account_is_required(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert amina.answer
    first = amina.answer
    assert first.status_code == 200
    assert "noindex" not in html(amina)
    assert "Appelez le 17 ou le 112" in amina.text
    assert looked_at(amina) == 200
    assert "Rien n’est parti" in amina.text
    assert WORDS in amina.text
    assert count_rows(settings, Report) == 0
    checked = amina.answer
    assert 'content="noindex"' in html(amina)
    amina.send(FORM, etape="envoyer")
    done = amina.answer
    for answer in (first, checked, done):
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
    assert kept(settings, store, code_of(amina)) == ReportContent(WORDS)


def test_the_review_shows_typed_and_recognised_answers(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    typed = {
        "types": "interdiction_filmer",
        "lieu": "gagny",
        "quand": "juin 2026",
        "acteur": "agent",
        "acteur_texte": "un vigile",
        "cible": "blogueur",
        "cible_texte": "Le blog du canal",
        "procedure": "par_cible",
        "liens": "https://exemple.test/a\n\n  le journal de mardi ",
        "contact": "amina@exemple.test",
    }
    assert looked_at(amina, **typed) == 200
    for told in (
        "Interdire de filmer ou d’enregistrer",
        "Compris : Gagny (Seine-Saint-Denis), commune",
        "Compris : juin 2026",
        "Un employé de la mairie, un vigile",
        "Quelqu’un qui tient un blog, une chaîne, une page",
        "Le blog du canal",
        "Oui, la personne visée elle-même",
        "https://exemple.test/a",
        "le journal de mardi",
        "amina@exemple.test",
    ):
        assert told in amina.text.replace("\u00a0", " "), told
    # Back to the form: it is as it was.
    amina.send(FORM, etape="modifier")
    fields = amina.form(FORM).fields
    assert {**typed, "liens": typed["liens"].strip()}.items() <= dict(fields).items()
    assert html(amina).count("<details open>") == 1
    amina.send(FORM, etape="verifier", recit=f"{WORDS}\n\nEt le son aussi.")
    amina.send(FORM, etape="envoyer")
    file = received(settings, store, code_of(amina))
    assert file.contact == typed["contact"]
    assert not file.summary.suspect
    assert file.received
    assert file.received.sent == ReportContent(
        account=f"{WORDS}\n\nEt le son aussi.",
        types=("interdiction_filmer",),
        place="gagny",
        place_code="commune:93032",
        when="juin 2026",
        date="2026-06",
        actor="agent",
        actor_text="un vigile",
        target="blogueur",
        target_text="Le blog du canal",
        began="par_cible",
        links=("https://exemple.test/a", "le journal de mardi"),
    )


# --- the place and the day ------------------------------------------------------------------------


def test_an_ambiguous_place_is_asked_about_once(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert looked_at(amina, lieu="Saint-Denis") == 422
    assert "Plusieurs lieux portent ce nom" in amina.text
    offered = re.findall(r'name="lieu_code" value="([^"]+)"', html(amina))
    assert {"commune:93066", "commune:97411", "tel_quel"} <= set(offered)
    assert value(amina, "recit") == WORDS
    chosen = sent(amina, lieu="Saint-Denis", lieu_code="commune:97411")
    assert kept(settings, store, chosen).place_code == "commune:97411"
    # None of them, or no answer at all: the words stay.
    for code in ("tel_quel", ""):
        amina.get(FORM)
        assert looked_at(amina, lieu="Saint-Denis") == 422
        told = kept(settings, store, sent(amina, lieu="Saint-Denis", lieu_code=code))
        assert (told.place, told.place_code) == ("Saint-Denis", "")
    # Another text is read anew, whatever was chosen for the one before.
    amina.get(FORM)
    assert looked_at(amina, lieu="Saint-Denis") == 422
    told = kept(settings, store, sent(amina, lieu="Gagny", lieu_code="commune:97411"))
    assert told.place_code == "commune:93032"


def test_an_unknown_place_is_kept_as_typed(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    for words in ("Zzyzx, Californie", "chez moi, en ligne", "x" * 200):
        amina.get(FORM)
        told = kept(settings, store, sent(amina, lieu=words))
        assert (told.place, told.place_code) == (words, "")
    # A code that was never offered is nobody's choice.
    amina.get(FORM)
    told = kept(settings, store, sent(amina, lieu="Gagny", lieu_lu="Gagny", lieu_code="region:99"))
    assert told.place_code == ""
    # What was read wrongly can be left in words.
    amina.get(FORM)
    assert looked_at(amina, lieu="Gagny") == 200
    amina.send(FORM, etape="modifier")
    assert "Gagny (Seine-Saint-Denis)" in amina.text.replace("\u00a0", " ")
    assert kept(settings, store, sent(amina, lieu_code="tel_quel")).place_code == ""


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("12/06/2026", "2026-06-12"),
        ("vers 2019", "2019~"),
        ("un soir de conseil", ""),
        ("le 12 juin", ""),
        ("31 février 2026", ""),
        ("pendant le conseil, " * 20, ""),
    ],
)
def test_a_date_is_recognised_or_kept_as_typed(
    settings: Settings, store: KeyStore, amina: FormClient, typed: str, date: str
) -> None:
    told = kept(settings, store, sent(amina, quand=typed))
    assert (told.when, told.date) == (typed.strip(), date)


def test_a_relative_date_is_resolved_and_a_missing_year_is_asked_for(amina: FormClient) -> None:
    yesterday = paris_day(now()) - timedelta(days=1)
    assert looked_at(amina, quand="hier soir") == 200
    assert f"Compris : {dates.day_words(yesterday)}" in spaced(amina)
    assert looked_at(amina, quand="le 12 juin") == 200
    assert "ajoutez l’année" in spaced(amina)
    assert looked_at(amina, quand="cette nuit") == 200
    assert "Gardé avec vos mots." in spaced(amina)
    assert "ajoutez l’année" not in spaced(amina)


# --- faults ---------------------------------------------------------------------------------------


def test_a_fault_keeps_all_answers_and_links_to_its_field(
    settings: Settings, amina: FormClient
) -> None:
    typed = {
        "recit": "",
        "lieu": "Gagny",
        "quand": "q" * (LINE_LIMIT + 1),
        "acteur_texte": "a" * (LINE_LIMIT + 1),
        "cible_texte": "c" * (LINE_LIMIT + 1),
        "liens": "\n".join(["https://exemple.test/"] * (LINKS_LIMIT + 1)),
        "contact": "@" * (CONTACT_LIMIT + 1),
        "acteur": "roi",
        "procedure": "peut-être",
    }
    for etape in ("verifier", "envoyer"):
        answer = amina.send(FORM, etape=etape, **typed)
        assert answer.status_code == 422
        page = html(amina)
        summary = page[page.index('id="erreurs"') : page.index("<h1>")]
        links = re.findall(r'<a href="#([a-z_]+)">', summary)
        assert links == [
            "recit", "quand", "acteur", "acteur_texte", "cible_texte", "procedure", "liens",
            "contact",
        ]  # fmt: skip
        for name in links:
            assert f'id="{name}"' in page, name
        for told in ("même en une phrase", "500 caractères au plus", "20 lignes au plus"):
            assert told in amina.text, told
        for name, text in typed.items():
            if name not in ("acteur", "procedure"):
                assert value(amina, name) == text, name
    assert count_rows(settings, Report) == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("recit", "r" * (ACCOUNT_LIMIT + 1), "vous pourrez ajouter la suite"),
        ("recit", " \n\u200b\t ", "même en une phrase"),
        ("liens", f"a\n{'l' * (LINK_LIMIT + 1)}", "La ligne 2 dépasse"),
        ("types", "noblesse", "n’est plus proposée"),
        ("cible", "roi", "n’est plus proposée"),
    ],
)
def test_each_fault_has_its_sentence(
    settings: Settings, amina: FormClient, name: str, text: str, said: str
) -> None:
    assert looked_at(amina, **{name: text}) == 422
    assert said in amina.text
    # What is offered no more was left out: sent again as it came back, it passes.
    if name in ("types", "cible"):
        assert looked_at(amina) == 200


def test_the_longest_texts_are_received(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    links = ["https://" + "l" * (LINK_LIMIT - 8)] * LINKS_LIMIT
    told = kept(
        settings,
        store,
        sent(
            amina,
            recit="é" * ACCOUNT_LIMIT,
            quand="q" * LINE_LIMIT,
            acteur_texte="a" * LINE_LIMIT,
            cible_texte="c" * LINE_LIMIT,
            liens="\r\n".join(links),
            contact="@" * CONTACT_LIMIT,
        ),
    )
    assert told.account == "é" * ACCOUNT_LIMIT
    assert list(told.links) == links


# --- twice ----------------------------------------------------------------------------------------


def test_a_form_sent_twice_makes_one_report(settings: Settings, amina: FormClient) -> None:
    assert looked_at(amina, contact="amina@exemple.test") == 200
    fields = dict(amina.form(FORM).fields)
    codes = set()
    for _ in range(3):
        assert amina.post(FORM, {**fields, "etape": "envoyer"}).status_code == 200
        codes.add(code_of(amina))
    assert len(codes) == 1
    assert count_rows(settings, Report) == 1


def test_another_text_of_the_same_form_is_offered_as_an_addition(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert looked_at(amina, lieu="Gagny") == 200
    fields = {**dict(amina.form(FORM).fields), "etape": "envoyer"}
    amina.post(FORM, fields)
    code = code_of(amina)
    more = {**fields, "quand": "juin 2026", "liens": "a\nb", "contact": "06 00 00 00 00"}
    assert amina.post(FORM, more).status_code == 409
    assert "Un premier envoi est déjà arrivé" in amina.text
    for _ in range(2):
        amina.post(FORM, more)
        assert amina.send("/signaler/ajouter").status_code == 200
        assert code_of(amina) == code
    file = received(settings, store, code)
    assert file.contact == "06 00 00 00 00"
    (said,) = file.messages
    assert said.text.replace("\u00a0", " ") == (
        "Quand :\njuin 2026\n\nOù cela peut se vérifier :\na\nb"
    )
    # A third text is another addition; one that fills two messages is two, and still once each.
    for _ in range(2):
        amina.post(FORM, {**more, "recit": "ß" * ACCOUNT_LIMIT})
        amina.send("/signaler/ajouter")
        assert code_of(amina) == code
    texts = [said.text for said in received(settings, store, code).messages]
    assert "".join(texts[1:]).count("ß") == ACCOUNT_LIMIT
    assert len(texts) == 3
    assert count_rows(settings, Report) == 1
    # The address of an addition is no page.
    assert amina.get("/signaler/ajouter").headers["Location"] == FORM


def test_an_addition_names_emptied_answers(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert looked_at(amina, lieu="Gagny", acteur_texte="mon voisin") == 200
    fields = {**dict(amina.form(FORM).fields), "etape": "envoyer"}
    amina.post(FORM, fields)
    code = code_of(amina)
    assert amina.post(FORM, {**fields, "acteur_texte": ""}).status_code == 409
    amina.send("/signaler/ajouter")
    (said,) = received(settings, store, code).messages
    assert said.text.replace("\u00a0", " ") == "Qui a agi : à retirer"


def test_a_form_of_a_closed_report_can_be_sent_as_a_new_one(
    settings: Settings, store: KeyStore, amina: FormClient, pen
) -> None:
    assert looked_at(amina) == 200
    fields = {**dict(amina.form(FORM).fields), "etape": "envoyer"}
    amina.post(FORM, fields)
    code = code_of(amina)
    amina.post(FORM, {**fields, "recit": "Autre chose."})
    offered = dict(amina.form("/signaler/ajouter").fields)
    key = received(settings, store, code).summary.key
    with pen() as p:
        acts.withdraw(p, store, key, "0" * 32)
    for address, told in (
        (FORM, {**fields, "recit": "Autre chose."}),
        ("/signaler/ajouter", offered),
    ):
        assert amina.post(address, told).status_code == 409
        assert value(amina, "recit") == "Autre chose."
        assert "comme un nouveau signalement" in amina.text
    assert sent(amina, recit="Autre chose.") != code
    assert count_rows(settings, Report) == 2


# --- what is in the way -----------------------------------------------------------------------


def test_an_old_token_brings_the_form_back_with_a_new_one(
    settings: Settings, amina: FormClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked_at(amina, lieu="Gagny", types="expulsion") == 200
    old = value(amina, "jeton")
    monkeypatch.setattr(public_forms, "MAX_AGE", -1)
    answer = amina.send(FORM, etape="envoyer")
    monkeypatch.undo()
    assert answer.status_code == 422
    assert "ouverte depuis trop longtemps" in amina.text
    assert value(amina, "recit") == WORDS
    assert value(amina, "types") == "expulsion"
    assert value(amina, "jeton") != old
    assert count_rows(settings, Report) == 0
    assert sent(amina)


def _locked(*_args: object, **_more: object) -> None:
    raise OperationalError("INSERT INTO report", {"recit": WORDS}, Exception("disk is full"))


def test_an_outage_keeps_the_form_and_logs_none_of_its_text(
    settings: Settings,
    amina: FormClient,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    typed = {"lieu": "Gagny", "types": "expulsion", "contact": "amina@exemple.test"}
    assert looked_at(amina, **typed) == 200
    jeton = value(amina, "jeton")
    # Locked when it is written to, gone when it is read.
    for where, name in ((report_views.acts, "receive"), (report_form, "resolve")):
        monkeypatch.setattr(where, name, _locked)
        answer = amina.send(FORM, etape="envoyer")
        monkeypatch.undo()
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert not CODE.search(html(amina))
        assert "n’est pas confirmé" in amina.text
        assert value(amina, "recit") == WORDS
        assert value(amina, "jeton") == jeton
        assert typed.items() <= dict(amina.form(FORM).fields).items()
        assert count_rows(settings, Report) == 0
    logged = capfd.readouterr().err
    assert "OperationalError" in logged
    for word in (WORDS, "amina", "Gagny", jeton):
        assert word not in logged
    assert sent(amina)


@pytest.fixture
def guarded(settings: Settings) -> Iterator[Flask]:
    """The application with rate limits, minimum age and the hidden field."""
    with application(replace(settings, rate_limits=True)) as made:
        yield made


def _answers(app: Flask, forms: int) -> list[tuple[int, str]]:
    """The answers to many forms from one source, with variable parts masked."""
    answers = []
    for number in range(forms):
        amina = FormClient(app)
        amina.get(FORM)
        answer = amina.send(FORM, recit=f"Récit {number}.", etape="envoyer")
        page = CODE.sub("", answer.get_data(as_text=True))
        answers.append((answer.status_code, re.sub(r'value="[^"]*"', "", page)))
    return answers


def test_no_answer_depends_on_how_many_reports_are_unread(
    settings: Settings, registers: Registers, tmp_path: Path
) -> None:
    with application(replace(settings, rate_limits=True)) as app:
        without = _answers(app, 12)
    with registers.new("sqlite", tmp_path / "other") as other:
        with open_engine(other.database_url) as engine, write_engine(engine).begin() as connection:
            rows = [
                {
                    "key": f"{number:032x}",
                    "receipt": f"{number:032}".encode(),
                    "state": ReportState.RECEIVED.value,
                    "suspect": False,
                    "news": False,
                    "day": paris_day(now()),
                    "moved_on": paris_day(now()),
                    "reason": "",
                }
                for number in range(500)
            ]
            connection.execute(insert(Report), rows)
        with application(replace(other, rate_limits=True)) as app:
            beside_many = _answers(app, 12)
    assert [status for status, _page in without] == [200] * 10 + [429] * 2
    assert beside_many == without


def test_rate_limits_keep_the_text_and_exempt_received_forms(
    settings: Settings, guarded: Flask
) -> None:
    amina = FormClient(guarded)
    amina.get(FORM)
    assert looked_at(amina) == 200
    first = {**dict(amina.form(FORM).fields), "etape": "envoyer"}
    amina.post(FORM, first)
    code = code_of(amina)
    for number in range(9):
        amina.get(FORM)
        assert sent(amina, recit=f"Récit {number}.") != code
    amina.get(FORM)
    assert looked_at(amina, recit="Le onzième.") == 200
    answer = amina.send(FORM, etape="envoyer")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "n’est pas parti" in amina.text
    assert value(amina, "recit") == "Le onzième."
    assert looked_at(amina, recit="Le onzième.") == 200
    amina.post(FORM, first)
    assert code_of(amina) == code
    assert count_rows(settings, Report) == 10


def test_a_received_form_is_answered_without_the_write_lock(
    settings: Settings, guarded: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = FormClient(guarded)
    amina.get(FORM)
    first = {**dict(amina.form(FORM).fields), "recit": WORDS, "etape": "envoyer"}
    amina.post(FORM, first)
    code = code_of(amina)
    monkeypatch.setattr("register.db.BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(sqlite_path(settings.database_url), timeout=1)) as other:
        other.execute("BEGIN IMMEDIATE")
        amina.post(FORM, first)
        assert code_of(amina) == code
        amina.post(FORM, {**first, "recit": "Autre chose."})
        assert amina.answer
        assert amina.answer.status_code == 409


def test_a_form_sent_again_too_often_waits_and_is_confirmed(guarded: Flask) -> None:
    amina = FormClient(guarded)
    amina.get(FORM)
    first = {**dict(amina.form(FORM).fields), "recit": WORDS, "etape": "envoyer"}
    amina.post(FORM, first)
    code = code_of(amina)
    for _again in range(20):
        amina.post(FORM, first)
        assert code_of(amina) == code
    for typed in (WORDS, "Autre chose."):
        answer = amina.post(FORM, {**first, "recit": typed})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 600
        assert "a déjà été reçu" in amina.text
        assert value(amina, "recit") == typed


def test_beyond_the_budget_of_all_sources_reports_are_suspect_and_none_is_refused(
    settings: Settings, guarded: Flask, store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.BUDGETS, "report", "2 per hour")  # type: ignore[misc]
    # Nobody here writes for five seconds first; that is another reason to be suspect.
    monkeypatch.setattr(public_forms, "MIN_AGE", 0)
    suspect, pages = [], []
    for number in range(4):
        visitor = FormClient(guarded)
        environ = {"REMOTE_ADDR": f"198.51.100.{number}"}
        visitor.get(FORM)
        form = {**dict(visitor.form(FORM).fields), "recit": WORDS, "etape": "envoyer"}
        visitor.post(FORM, form, environ_base=environ)
        suspect.append(received(settings, store, code_of(visitor)).summary.suspect)
        pages.append(re.sub(r'value="[^"]*"', "", CODE.sub("", html(visitor))))
    assert suspect == [False, False, True, True]
    # Whoever sent it is not told.
    assert len(set(pages)) == 1


@pytest.mark.parametrize(
    "lost", ["seal folder", "seal key", "database", "log of the database", "keys"]
)
def test_missing_files_acknowledge_nothing(settings: Settings, app: Flask, lost: str) -> None:
    amina = FormClient(app)
    amina.get(FORM)
    sent(amina)
    database, folder = sqlite_path(settings.database_url), seal_folder(settings)
    assert database
    gone = {
        "seal folder": [folder],
        "seal key": [folder / encryption.KEY_FILE],
        "database": sorted(database.parent.glob("register.sqlite3*")),
        "log of the database": [Path(f"{database}-wal")],
        "keys": sorted(folder.glob("keys.sqlite3*")),
    }[lost]
    away = [(path, path.with_name(f"{path.name}.away")) for path in gone]
    amina.get(FORM)
    for path, kept in away:
        path.rename(kept)
    for _again in range(3):
        answer = amina.send(FORM, recit=WORDS, lieu="Gagny", etape="envoyer")
        assert answer.status_code == 503
        assert "ne trouve plus ses fichiers" in amina.text
        assert value(amina, "recit") == WORDS
        assert not any(path.exists() for path in gone)
    for path, kept in away:
        kept.rename(path)
    answer = amina.send(FORM, etape="envoyer")
    assert code_of(amina)
    assert count_rows(settings, Report) == 2


def test_a_database_taken_away_while_a_report_is_written_acknowledges_nothing(
    settings: Settings, amina: FormClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = sqlite_path(settings.database_url)
    assert database
    away = database.with_name("away")
    receive = acts.receive

    def taken_away(*given: Any, **more: Any) -> Any:
        filed = receive(*given, **more)
        database.rename(away)
        return filed

    monkeypatch.setattr(acts, "receive", taken_away)
    amina.get(FORM)
    answer = amina.send(FORM, recit=WORDS, etape="envoyer")
    away.rename(database)
    assert answer.status_code == 503
    assert "ne trouve plus ses fichiers" in amina.text
    assert value(amina, "recit") == WORDS
    monkeypatch.undo()
    amina.send(FORM, etape="envoyer")
    assert code_of(amina)
    assert count_rows(settings, Report) == 1


def test_a_full_disk_is_explained_and_keeps_the_text(settings: Settings, amina: FormClient) -> None:
    typed = "É" * 15_000
    with db.engine.connect() as connection:
        # No page more than there are; only this connection is there to be used again.
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    answer = amina.send(FORM, recit=typed, etape="envoyer")
    assert answer.status_code == 503
    assert "Le disque du registre est plein" in amina.text
    assert value(amina, "recit") == typed
    assert count_rows(settings, Report) == 0
    db.engine.dispose()
    amina.send(FORM, etape="envoyer")
    assert code_of(amina)


# --- from the page of a place -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("commune:93032", "Gagny (Seine-Saint-Denis)"),
        ("commune:93059", "Pierrefitte-sur-Seine (Seine-Saint-Denis)"),
        ("commune:75056", "Paris"),
        ("departement:974", "La Réunion"),
        ("region:11", "Île-de-France"),
    ],
)
def test_the_place_of_a_link_is_filled_in(app: Flask, place: str, shown: str) -> None:
    amina = FormClient(app)
    answer = amina.get(f"{FORM}?lieu={place}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    told = dict(amina.form(FORM).fields)
    assert (told["lieu"].strip(), told["lieu_code"]) == (shown, place)
    assert amina.form(FORM).action == FORM
    assert looked_at(amina) == 200, amina.text
    assert dict(amina.form(FORM).fields)["lieu_code"] == place


def test_the_place_of_a_link_can_be_changed(app: Flask) -> None:
    amina = FormClient(app)
    amina.get(f"{FORM}?lieu=commune:93032")
    assert looked_at(amina, lieu="Puteaux") == 200, amina.text
    assert dict(amina.form(FORM).fields)["lieu_code"] == "commune:92062"


@pytest.mark.parametrize(
    "place",
    [
        "",
        "93032",
        "commune:99999",
        "commune:9303",
        "pays:BE",
        "commune:<b>",
        "region:00",
        "x" * 999,
    ],
)
def test_an_invalid_place_in_a_link_is_ignored(app: Flask, place: str) -> None:
    amina = FormClient(app)
    answer = amina.client.get(FORM, query_string={"lieu": place})
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    assert 'name="lieu_code"' not in html
    assert "<b>" not in html


def test_the_form_opens_without_the_place_during_an_outage(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_text: str) -> None:
        raise OperationalError("select", {}, Exception("database is locked"))

    monkeypatch.setattr(report_form, "place_from_key", away)
    amina = FormClient(app)
    assert amina.get(f"{FORM}?lieu=commune:93032").status_code == 200
    assert "lieu_code" not in amina.form(FORM).names
