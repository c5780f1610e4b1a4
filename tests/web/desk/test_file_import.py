"""Import of a file of cases in the browser: trial, drafts, and files that cannot be read."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from register.cases.models import CaseState, Incident
from register.db import db
from register.exchange.row_mapping import COLUMNS

pytestmark = pytest.mark.one_database

PAGE = "/moderation/importer"
DEMO_FILE = Path(__file__).parents[3] / "register" / "demo" / "incidents.csv"


def excel_file(change=None):
    """The 34 sample cases as a French Excel saves them."""
    table = list(csv.reader(io.StringIO(DEMO_FILE.read_text(encoding="utf-8"))))
    if change:
        change(table)
    saved = io.StringIO()
    csv.writer(saved, delimiter=";", lineterminator="\r\n").writerows(table)
    return saved.getvalue().encode("cp1252", "replace")


def send_file(member, file_bytes):
    return member.send(PAGE, fichier=(io.BytesIO(file_bytes), "cas.csv"), faire="essayer")


def sent_back(page):
    return re.search(r'name="contenu" value="([^"]*)"', page)[1]


def count_drafts(app):
    with app.app_context():
        drafts = select(func.count()).where(Incident.state == CaseState.DRAFT)
        return db.session.scalar(drafts)


def test_a_file_of_excel_is_tried_then_imported_once(app, signed):
    def break_type(table):
        table[5][COLUMNS.index("types")] = "filmer"

    bruno, file_bytes = signed("bruno"), excel_file(break_type)
    trial = send_file(bruno, file_bytes)
    page = trial.get_data(as_text=True)
    assert (trial.status_code, count_drafts(app)) == (200, 0)
    assert (page.count("Un nouveau brouillon"), page.count('<tr><th scope="row">')) == (33, 34)
    assert "au plus près : interdiction_filmer" in page.replace("\u00a0", " ").replace(
        "\u202f", " "
    )
    content = sent_back(page)
    refusal = bruno.send(PAGE, contenu=content, faire="importer", reason="")
    assert (refusal.status_code, count_drafts(app)) == (422, 0)
    assert sent_back(refusal.get_data(as_text=True)) == content
    # A second click imports nothing twice.
    for _ in range(2):
        answer = bruno.send(PAGE, contenu=content, faire="importer", reason="repris de la presse")
        assert (answer.status_code, count_drafts(app)) == (200, 33)
    assert "Aucun brouillon" in answer.get_data(as_text=True)
    # PostgreSQL does not use the numbers of the trial again.
    assert re.search('href="/moderation/dossiers/[0-9]+"', answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("file_bytes", "words"),
    [
        (b"", "manque, ou il est vide"),
        (b"id;prix\r\n1;2", "prix"),
        (b"\xff\xfe\x00\x81", "Windows-1252"),
        (b"x" * 300_001, "300 cas"),
    ],
    ids=["empty", "column", "encoding", "size"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(signed, file_bytes, words):
    page = send_file(signed("bruno"), file_bytes)
    text = page.get_data(as_text=True).replace("\u00a0", " ").replace("\u202f", " ")
    assert (page.status_code, words in text) == (422, True)


def test_the_model_has_the_columns(signed):
    model = signed("bruno").get(f"{PAGE}/modele.csv")
    assert model.get_data().decode("utf-8-sig").strip() == ",".join(
        f'"{column}"' for column in COLUMNS
    )
