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

FORM_PATH = "/signaler"
ACCOUNT = "Ce soir au conseil, le maire a fait éteindre ma caméra."
CODE = re.compile(r'<p class="code" translate="no">([0-9A-Z-]{19})</p>')


@pytest.fixture
def amina(app: Flask) -> FormClient:
    visitor = FormClient(app)
    visitor.get(FORM_PATH)
    return visitor


def review_form(visitor: FormClient, **typed: str) -> int:
    return visitor.send(FORM_PATH, etape="verifier", **{"recit": ACCOUNT, **typed}).status_code


def send_report(visitor: FormClient, **typed: str) -> str:
    """The code after filling in, reviewing and sending the form."""
    assert review_form(visitor, **typed) == 200, visitor.text
    response = visitor.send(FORM_PATH, etape="envoyer")
    assert response.status_code == 200, visitor.text
    return shown_code(visitor)


def shown_code(visitor: FormClient) -> str:
    assert visitor.answer
    match = CODE.search(visitor.answer.get_data(as_text=True))
    assert match, visitor.text
    return match[1]


def page_text(visitor: FormClient) -> str:
    """The text of the page with plain spaces."""
    return " ".join(visitor.text.split())


def page_html(visitor: FormClient) -> str:
    assert visitor.answer
    return visitor.answer.get_data(as_text=True)


def field_value(visitor: FormClient, name: str) -> str:
    return dict(visitor.form(FORM_PATH).fields)[name]


def load_report(settings: Settings, store: KeyStore, code: str) -> ReportView:
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        key = queries.key_by_code(session, store, code)
        assert key
        return queries.get_report(session, store, key)


def stored_content(settings: Settings, store: KeyStore, code: str) -> ReportContent:
    sent_report = load_report(settings, store, code).received
    assert sent_report
    return sent_report.sent


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["famille", "type", "acteur", "cible"])
def test_every_code_of_a_vocabulary_has_plain_words(settings: Settings, name: str) -> None:
    rows = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))[name]
    in_use = [row["code"] for row in rows if "retired_at" not in row]
    for words in (form_vocabulary.words(name), form_vocabulary.words(name, "en")):
        assert sorted(words) == sorted(in_use)
        for word in words.values():
            assert word.label, word.code
            assert bool(word.example) == (name == "type"), word.code
    for text in [word.label + word.example for word in form_vocabulary.words(name).values()]:
        assert not re.search(r"'|\w [:;?!»]|« ", text), text


def test_each_type_is_offered_once_with_its_family(settings: Settings) -> None:
    family_of = {
        row["code"]: row["famille"]
        for row in tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))["type"]
    }
    offered = [
        (word.code, family)
        for family, words in form_vocabulary.families().items()
        for word in words
    ]
    assert sorted(offered) == sorted(family_of.items())


# --- from the form to the receipt ---------------------------------------------------------------


def test_only_the_account_is_required(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert amina.answer
    form_response = amina.answer
    assert form_response.status_code == 200
    assert "noindex" not in page_html(amina)
    assert "Appelez le 17 ou le 112" in amina.text
    assert review_form(amina) == 200
    assert "Rien n’est parti" in amina.text
    assert ACCOUNT in amina.text
    assert count_rows(settings, Report) == 0
    review_response = amina.answer
    assert 'content="noindex"' in page_html(amina)
    amina.send(FORM_PATH, etape="envoyer")
    receipt_response = amina.answer
    for response in (form_response, review_response, receipt_response):
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
    assert stored_content(settings, store, shown_code(amina)) == ReportContent(ACCOUNT)


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
    assert review_form(amina, **typed) == 200
    for expected in (
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
        assert expected in amina.text.replace("\u00a0", " "), expected
    # The form comes back with every answer.
    amina.send(FORM_PATH, etape="modifier")
    fields = amina.form(FORM_PATH).fields
    assert {**typed, "liens": typed["liens"].strip()}.items() <= dict(fields).items()
    assert page_html(amina).count("<details open>") == 1
    amina.send(FORM_PATH, etape="verifier", recit=f"{ACCOUNT}\n\nEt le son aussi.")
    amina.send(FORM_PATH, etape="envoyer")
    report = load_report(settings, store, shown_code(amina))
    assert report.contact == typed["contact"]
    assert not report.summary.suspect
    assert report.received
    assert report.received.sent == ReportContent(
        account=f"{ACCOUNT}\n\nEt le son aussi.",
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
    assert review_form(amina, lieu="Saint-Denis") == 422
    assert "Plusieurs lieux portent ce nom" in amina.text
    offered = re.findall(r'name="lieu_code" value="([^"]+)"', page_html(amina))
    assert {"commune:93066", "commune:97411", "tel_quel"} <= set(offered)
    assert field_value(amina, "recit") == ACCOUNT
    receipt_code = send_report(amina, lieu="Saint-Denis", lieu_code="commune:97411")
    assert stored_content(settings, store, receipt_code).place_code == "commune:97411"
    # Without a choice the typed words are stored.
    for code in ("tel_quel", ""):
        amina.get(FORM_PATH)
        assert review_form(amina, lieu="Saint-Denis") == 422
        content = stored_content(
            settings, store, send_report(amina, lieu="Saint-Denis", lieu_code=code)
        )
        assert (content.place, content.place_code) == ("Saint-Denis", "")
    # Another text is resolved anew, whatever was chosen before.
    amina.get(FORM_PATH)
    assert review_form(amina, lieu="Saint-Denis") == 422
    content = stored_content(
        settings, store, send_report(amina, lieu="Gagny", lieu_code="commune:97411")
    )
    assert content.place_code == "commune:93032"


def test_an_unknown_place_is_kept_as_typed(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    for place in ("Zzyzx, Californie", "chez moi, en ligne", "x" * 200):
        amina.get(FORM_PATH)
        content = stored_content(settings, store, send_report(amina, lieu=place))
        assert (content.place, content.place_code) == (place, "")
    # A code that was never offered is ignored.
    amina.get(FORM_PATH)
    content = stored_content(
        settings, store, send_report(amina, lieu="Gagny", lieu_lu="Gagny", lieu_code="region:99")
    )
    assert content.place_code == ""
    # A wrongly recognised place can be stored as typed.
    amina.get(FORM_PATH)
    assert review_form(amina, lieu="Gagny") == 200
    amina.send(FORM_PATH, etape="modifier")
    assert "Gagny (Seine-Saint-Denis)" in amina.text.replace("\u00a0", " ")
    assert (
        stored_content(settings, store, send_report(amina, lieu_code="tel_quel")).place_code == ""
    )


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("12/06/2026", "2026-06-12"),
        ("vers 2019", "2019~"),
        ("un soir de conseil", ""),
        ("entre mars et mai 2024", "2024-03"),
        ("31 février 2026", ""),
        ("pendant le conseil, " * 20, ""),
    ],
)
def test_a_date_is_recognised_or_kept_as_typed(
    settings: Settings, store: KeyStore, amina: FormClient, typed: str, date: str
) -> None:
    content = stored_content(settings, store, send_report(amina, quand=typed))
    assert (content.when, content.date) == (typed.strip(), date)


def test_a_relative_date_is_resolved_and_a_missing_year_is_asked_for(amina: FormClient) -> None:
    yesterday = paris_day(now()) - timedelta(days=1)
    assert review_form(amina, quand="hier soir") == 200
    assert f"Compris : {dates.day_words(yesterday)}" in page_text(amina)
    assert review_form(amina, quand="le 12 juin") == 200
    assert "L’année est supposée" in page_text(amina)
    assert review_form(amina, quand="cette nuit") == 200
    assert "Gardé avec vos mots." in page_text(amina)
    assert "L’année est supposée" not in page_text(amina)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("jeudi 4 novembre 2021", "Compris : 4 novembre 2021"),
        ("vendredi 4 novembre 2021", "Ce jour-là était un jeudi."),
        ("31 février 2026", "Ce jour n’existe pas dans le calendrier."),
        ("12 mars 2199", "Ce jour n’est pas encore venu."),
        ("printemps 2024", "Compris : vers mai 2024"),
        ("printemps 2024", "Un moment entre le 20 mars 2024 et le 20 juin 2024"),
        ("entre mars et mai 2024", "Compris : mars 2024 – mai 2024"),
        ("2015-2019", "Compris : 2015 – 2019"),
    ],
)
def test_what_is_odd_about_a_date_is_said_and_never_refused(
    settings: Settings, store: KeyStore, amina: FormClient, typed: str, sentence: str
) -> None:
    assert review_form(amina, quand=typed) == 200
    assert sentence in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    assert stored_content(settings, store, shown_code(amina)).when == typed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("en ligne", "Compris : en ligne"),
        ("Sur la page Facebook de la mairie", "Compris : en ligne"),
        ("À l’étranger", "Compris : à l’étranger"),
        ("Genève", "Compris : à l’étranger : Suisse"),
        ("Charleroi (Belgique)", "Compris : à l’étranger : Belgique"),
        ("Canada", "Compris : à l’étranger : Canada"),
        ("Châlons-sur-Marne", "Compris : Châlons-en-Champagne"),
        ("derrière le lavoir", "Gardé avec vos mots : la modération cherchera."),
    ],
)
def test_a_place_that_is_no_commune_is_recognised_and_kept_in_its_words(
    settings: Settings, store: KeyStore, amina: FormClient, typed: str, sentence: str
) -> None:
    assert review_form(amina, lieu=typed) == 200, amina.text
    assert sentence in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    assert stored_content(settings, store, shown_code(amina)).place == typed


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
        response = amina.send(FORM_PATH, etape=etape, **typed)
        assert response.status_code == 422
        html = page_html(amina)
        summary = html[html.index('id="erreurs"') : html.index("<h1>")]
        links = re.findall(r'<a href="#([a-z_]+)">', summary)
        assert links == [
            "recit", "quand", "acteur", "acteur_texte", "cible_texte", "procedure", "liens",
            "contact",
        ]  # fmt: skip
        for name in links:
            assert f'id="{name}"' in html, name
        for sentence in ("même en une phrase", "500 caractères au plus", "20 lignes au plus"):
            assert sentence in amina.text, sentence
        for name, text in typed.items():
            if name not in ("acteur", "procedure"):
                assert field_value(amina, name) == text, name
    assert count_rows(settings, Report) == 0


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("recit", "r" * (ACCOUNT_LIMIT + 1), "vous pourrez ajouter la suite"),
        ("recit", " \n\u200b\t ", "même en une phrase"),
        ("liens", f"a\n{'l' * (LINK_LIMIT + 1)}", "La ligne 2 dépasse"),
        ("types", "noblesse", "n’est plus proposée"),
        ("cible", "roi", "n’est plus proposée"),
    ],
)
def test_each_fault_has_its_sentence(
    settings: Settings, amina: FormClient, name: str, text: str, sentence: str
) -> None:
    assert review_form(amina, **{name: text}) == 422
    assert sentence in amina.text
    # The form comes back without the unknown choice, so it passes when sent again.
    if name in ("types", "cible"):
        assert review_form(amina) == 200


def test_the_longest_texts_are_received(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    links = ["https://" + "l" * (LINK_LIMIT - 8)] * LINKS_LIMIT
    content = stored_content(
        settings,
        store,
        send_report(
            amina,
            recit="é" * ACCOUNT_LIMIT,
            quand="q" * LINE_LIMIT,
            acteur_texte="a" * LINE_LIMIT,
            cible_texte="c" * LINE_LIMIT,
            liens="\r\n".join(links),
            contact="@" * CONTACT_LIMIT,
        ),
    )
    assert content.account == "é" * ACCOUNT_LIMIT
    assert list(content.links) == links


# --- twice ----------------------------------------------------------------------------------------


def test_a_form_sent_twice_makes_one_report(settings: Settings, amina: FormClient) -> None:
    assert review_form(amina, contact="amina@exemple.test") == 200
    fields = dict(amina.form(FORM_PATH).fields)
    codes = set()
    for _ in range(3):
        assert amina.post(FORM_PATH, {**fields, "etape": "envoyer"}).status_code == 200
        codes.add(shown_code(amina))
    assert len(codes) == 1
    assert count_rows(settings, Report) == 1


def test_a_form_sent_again_reads_the_key_store_once(
    amina: FormClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert review_form(amina, contact="amina@exemple.test") == 200
    fields = {**dict(amina.form(FORM_PATH).fields), "etape": "envoyer"}
    amina.post(FORM_PATH, fields)
    code, reads = shown_code(amina), []
    read_keys = KeyStore.keys
    monkeypatch.setattr(
        KeyStore, "keys", lambda store, names: reads.append(1) or read_keys(store, names)
    )
    amina.post(FORM_PATH, fields)
    assert (shown_code(amina), len(reads)) == (code, 1)


def test_another_text_of_the_same_form_is_offered_as_an_addition(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert review_form(amina, lieu="Gagny") == 200
    fields = {**dict(amina.form(FORM_PATH).fields), "etape": "envoyer"}
    amina.post(FORM_PATH, fields)
    code = shown_code(amina)
    changed_fields = {**fields, "quand": "juin 2026", "liens": "a\nb", "contact": "06 00 00 00 00"}
    assert amina.post(FORM_PATH, changed_fields).status_code == 409
    assert "Un premier envoi est déjà arrivé" in amina.text
    for _ in range(2):
        amina.post(FORM_PATH, changed_fields)
        assert amina.send("/signaler/ajouter").status_code == 200
        assert shown_code(amina) == code
    report = load_report(settings, store, code)
    assert report.contact == "06 00 00 00 00"
    (message,) = report.messages
    assert message.text.replace("\u00a0", " ") == (
        "Quand :\njuin 2026\n\nOù cela peut se vérifier :\na\nb"
    )
    # A third text is another addition; a long one takes two messages, each stored once.
    for _ in range(2):
        amina.post(FORM_PATH, {**changed_fields, "recit": "ß" * ACCOUNT_LIMIT})
        amina.send("/signaler/ajouter")
        assert shown_code(amina) == code
    texts = [message.text for message in load_report(settings, store, code).messages]
    assert "".join(texts[1:]).count("ß") == ACCOUNT_LIMIT
    assert len(texts) == 3
    assert count_rows(settings, Report) == 1
    # The address of an addition redirects to the form.
    assert amina.get("/signaler/ajouter").headers["Location"] == FORM_PATH


def test_an_addition_names_emptied_answers(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert review_form(amina, lieu="Gagny", acteur_texte="mon voisin") == 200
    fields = {**dict(amina.form(FORM_PATH).fields), "etape": "envoyer"}
    amina.post(FORM_PATH, fields)
    code = shown_code(amina)
    assert amina.post(FORM_PATH, {**fields, "acteur_texte": ""}).status_code == 409
    amina.send("/signaler/ajouter")
    (message,) = load_report(settings, store, code).messages
    assert message.text.replace("\u00a0", " ") == "Qui a agi : à retirer"


def test_a_form_of_a_closed_report_can_be_sent_as_a_new_one(
    settings: Settings, store: KeyStore, amina: FormClient, pen
) -> None:
    assert review_form(amina) == 200
    fields = {**dict(amina.form(FORM_PATH).fields), "etape": "envoyer"}
    amina.post(FORM_PATH, fields)
    code = shown_code(amina)
    amina.post(FORM_PATH, {**fields, "recit": "Autre chose."})
    addition_form = dict(amina.form("/signaler/ajouter").fields)
    key = load_report(settings, store, code).summary.key
    with pen() as p:
        acts.withdraw(p, store, key, "0" * 32)
    for address, form in (
        (FORM_PATH, {**fields, "recit": "Autre chose."}),
        ("/signaler/ajouter", addition_form),
    ):
        assert amina.post(address, form).status_code == 409
        assert field_value(amina, "recit") == "Autre chose."
        assert "comme un nouveau signalement" in amina.text
    assert send_report(amina, recit="Autre chose.") != code
    assert count_rows(settings, Report) == 2


# --- refusals and failures -----------------------------------------------------------------------


def test_an_old_token_brings_the_form_back_with_a_new_one(
    settings: Settings, amina: FormClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert review_form(amina, lieu="Gagny", types="expulsion") == 200
    old_token = field_value(amina, "jeton")
    monkeypatch.setattr(public_forms, "MAX_AGE", -1)
    response = amina.send(FORM_PATH, etape="envoyer")
    monkeypatch.undo()
    assert response.status_code == 422
    assert "ouverte depuis trop longtemps" in amina.text
    assert field_value(amina, "recit") == ACCOUNT
    assert field_value(amina, "types") == "expulsion"
    assert field_value(amina, "jeton") != old_token
    assert count_rows(settings, Report) == 0
    assert send_report(amina)


def fail_query(*_args: object, **_more: object) -> None:
    raise OperationalError("INSERT INTO report", {"recit": ACCOUNT}, Exception("disk is full"))


def test_an_outage_keeps_the_form_and_logs_none_of_its_text(
    settings: Settings,
    amina: FormClient,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    typed = {"lieu": "Gagny", "types": "expulsion", "contact": "amina@exemple.test"}
    assert review_form(amina, **typed) == 200
    jeton = field_value(amina, "jeton")
    # The database fails while writing, then while reading.
    for module, name in (
        (report_views.acts, "receive"),
        (report_form.place_choice, "resolve_typed"),
    ):
        monkeypatch.setattr(module, name, fail_query)
        response = amina.send(FORM_PATH, etape="envoyer")
        monkeypatch.undo()
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert not CODE.search(page_html(amina))
        assert "n’est pas confirmé" in amina.text
        assert field_value(amina, "recit") == ACCOUNT
        assert field_value(amina, "jeton") == jeton
        assert typed.items() <= dict(amina.form(FORM_PATH).fields).items()
        assert count_rows(settings, Report) == 0
    log = capfd.readouterr().err
    assert "OperationalError" in log
    for word in (ACCOUNT, "amina", "Gagny", jeton):
        assert word not in log
    assert send_report(amina)


@pytest.fixture
def limited_app(settings: Settings) -> Iterator[Flask]:
    """The application with rate limits, minimum age and the hidden field."""
    with application(replace(settings, rate_limits=True)) as app:
        yield app


def send_many_forms(app: Flask, forms: int) -> list[tuple[int, str]]:
    """The answers to many forms from one source, with variable parts masked."""
    responses = []
    for number in range(forms):
        amina = FormClient(app)
        amina.get(FORM_PATH)
        response = amina.send(FORM_PATH, recit=f"Récit {number}.", etape="envoyer")
        html = CODE.sub("", response.get_data(as_text=True))
        responses.append((response.status_code, re.sub(r'value="[^"]*"', "", html)))
    return responses


def test_no_answer_depends_on_how_many_reports_are_unread(
    settings: Settings, registers: Registers, tmp_path: Path
) -> None:
    with application(replace(settings, rate_limits=True)) as app:
        without_reports = send_many_forms(app, 12)
    with registers.new("sqlite", tmp_path / "other") as other_settings:
        with (
            open_engine(other_settings.database_url) as engine,
            write_engine(engine).begin() as connection,
        ):
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
        with application(replace(other_settings, rate_limits=True)) as app:
            beside_many_reports = send_many_forms(app, 12)
    assert [status for status, _html in without_reports] == [200] * 10 + [429] * 2
    assert beside_many_reports == without_reports


def test_rate_limits_keep_the_text_and_exempt_received_forms(
    settings: Settings, limited_app: Flask
) -> None:
    amina = FormClient(limited_app)
    amina.get(FORM_PATH)
    assert review_form(amina) == 200
    first_form = {**dict(amina.form(FORM_PATH).fields), "etape": "envoyer"}
    amina.post(FORM_PATH, first_form)
    code = shown_code(amina)
    for number in range(9):
        amina.get(FORM_PATH)
        assert send_report(amina, recit=f"Récit {number}.") != code
    amina.get(FORM_PATH)
    assert review_form(amina, recit="Le onzième.") == 200
    response = amina.send(FORM_PATH, etape="envoyer")
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert "n’est pas parti" in amina.text
    assert field_value(amina, "recit") == "Le onzième."
    assert review_form(amina, recit="Le onzième.") == 200
    amina.post(FORM_PATH, first_form)
    assert shown_code(amina) == code
    assert count_rows(settings, Report) == 10


def test_a_received_form_is_answered_without_the_write_lock(
    settings: Settings, limited_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = FormClient(limited_app)
    amina.get(FORM_PATH)
    form = {**dict(amina.form(FORM_PATH).fields), "recit": ACCOUNT, "etape": "envoyer"}
    amina.post(FORM_PATH, form)
    code = shown_code(amina)
    monkeypatch.setattr("register.db.BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(sqlite_path(settings.database_url), timeout=1)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        amina.post(FORM_PATH, form)
        assert shown_code(amina) == code
        amina.post(FORM_PATH, {**form, "recit": "Autre chose."})
        assert amina.answer
        assert amina.answer.status_code == 409


def test_a_form_sent_again_too_often_waits_and_is_confirmed(limited_app: Flask) -> None:
    amina = FormClient(limited_app)
    amina.get(FORM_PATH)
    form = {**dict(amina.form(FORM_PATH).fields), "recit": ACCOUNT, "etape": "envoyer"}
    amina.post(FORM_PATH, form)
    code = shown_code(amina)
    for _again in range(20):
        amina.post(FORM_PATH, form)
        assert shown_code(amina) == code
    for typed in (ACCOUNT, "Autre chose."):
        response = amina.post(FORM_PATH, {**form, "recit": typed})
        assert response.status_code == 429
        assert 0 < int(response.headers["Retry-After"]) <= 600
        assert "a déjà été reçu" in amina.text
        assert field_value(amina, "recit") == typed


def test_beyond_the_budget_of_all_sources_reports_are_suspect_and_none_is_refused(
    settings: Settings, limited_app: Flask, store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.BUDGETS, "report", "2 per hour")  # type: ignore[misc]
    # A form sent within five seconds would be suspect too.
    monkeypatch.setattr(public_forms, "MIN_AGE", 0)
    suspect, pages = [], []
    for number in range(4):
        visitor = FormClient(limited_app)
        environ = {"REMOTE_ADDR": f"198.51.100.{number}"}
        visitor.get(FORM_PATH)
        form = {**dict(visitor.form(FORM_PATH).fields), "recit": ACCOUNT, "etape": "envoyer"}
        visitor.post(FORM_PATH, form, environ_base=environ)
        suspect.append(load_report(settings, store, shown_code(visitor)).summary.suspect)
        pages.append(re.sub(r'value="[^"]*"', "", CODE.sub("", page_html(visitor))))
    assert suspect == [False, False, True, True]
    # No page reveals that its report is suspect.
    assert len(set(pages)) == 1


@pytest.mark.parametrize(
    "lost", ["seal folder", "seal key", "database", "log of the database", "keys"]
)
def test_missing_files_acknowledge_nothing(settings: Settings, app: Flask, lost: str) -> None:
    amina = FormClient(app)
    amina.get(FORM_PATH)
    send_report(amina)
    database, folder = sqlite_path(settings.database_url), seal_folder(settings)
    assert database
    missing = {
        "seal folder": [folder],
        "seal key": [folder / encryption.KEY_FILE],
        "database": sorted(database.parent.glob("register.sqlite3*")),
        "log of the database": [Path(f"{database}-wal")],
        "keys": sorted(folder.glob("keys.sqlite3*")),
    }[lost]
    moves = [(path, path.with_name(f"{path.name}.away")) for path in missing]
    amina.get(FORM_PATH)
    for path, hidden in moves:
        path.rename(hidden)
    for _again in range(3):
        response = amina.send(FORM_PATH, recit=ACCOUNT, lieu="Gagny", etape="envoyer")
        assert response.status_code == 503
        assert "ne trouve plus ses fichiers" in amina.text
        assert field_value(amina, "recit") == ACCOUNT
        assert not any(path.exists() for path in missing)
    for path, hidden in moves:
        hidden.rename(path)
    response = amina.send(FORM_PATH, etape="envoyer")
    assert shown_code(amina)
    assert count_rows(settings, Report) == 2


def test_a_database_taken_away_while_a_report_is_written_acknowledges_nothing(
    settings: Settings, amina: FormClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = sqlite_path(settings.database_url)
    assert database
    away = database.with_name("away")
    receive = acts.receive

    def receive_and_move_away(*arguments: Any, **options: Any) -> Any:
        report = receive(*arguments, **options)
        database.rename(away)
        return report

    monkeypatch.setattr(acts, "receive", receive_and_move_away)
    amina.get(FORM_PATH)
    response = amina.send(FORM_PATH, recit=ACCOUNT, etape="envoyer")
    away.rename(database)
    assert response.status_code == 503
    assert "ne trouve plus ses fichiers" in amina.text
    assert field_value(amina, "recit") == ACCOUNT
    monkeypatch.undo()
    amina.send(FORM_PATH, etape="envoyer")
    assert shown_code(amina)
    assert count_rows(settings, Report) == 1


def test_a_full_disk_is_explained_and_keeps_the_text(settings: Settings, amina: FormClient) -> None:
    typed = "É" * 15_000
    with db.engine.connect() as connection:
        # The database may not grow, nor has it free pages; the pool holds this connection only.
        cursor = connection.connection.cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA max_page_count = 1")
    response = amina.send(FORM_PATH, recit=typed, etape="envoyer")
    assert response.status_code == 503
    assert "Le disque du registre est plein" in amina.text
    assert field_value(amina, "recit") == typed
    assert count_rows(settings, Report) == 0
    db.engine.dispose()
    amina.send(FORM_PATH, etape="envoyer")
    assert shown_code(amina)


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
    answer = amina.get(f"{FORM_PATH}?lieu={place}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    fields = dict(amina.form(FORM_PATH).fields)
    assert (fields["lieu"].strip(), fields["lieu_code"]) == (shown, place)
    assert amina.form(FORM_PATH).action == FORM_PATH
    assert review_form(amina) == 200, amina.text
    assert dict(amina.form(FORM_PATH).fields)["lieu_code"] == place


def test_the_place_of_a_link_can_be_changed(app: Flask) -> None:
    amina = FormClient(app)
    amina.get(f"{FORM_PATH}?lieu=commune:93032")
    assert review_form(amina, lieu="Puteaux") == 200, amina.text
    assert dict(amina.form(FORM_PATH).fields)["lieu_code"] == "commune:92062"


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
    answer = amina.client.get(FORM_PATH, query_string={"lieu": place})
    assert answer.status_code == 200
    page_html = answer.get_data(as_text=True)
    assert 'name="lieu_code"' not in page_html
    assert "<b>" not in page_html
