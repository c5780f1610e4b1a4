"""Claim, release and notes of a case over HTTP."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hostile_strings import HOSTILE_TEXTS, OVERSIZED_TEXTS
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from register.cases import acts
from register.cases.acts.draft_acts import CLAIM_DURATION, NOTE_LIMIT
from register.cases.models import Incident, Note
from register.db import db, now
from register.journal import Ledger, head, writing

pytestmark = pytest.mark.one_database

LIST = "/moderation/dossiers"


def case(session, filed):
    session.rollback()
    return session.get_one(Incident, filed.id)


def lines(session):
    session.rollback()
    return head(session, Ledger.DESK).seq


def test_claim_and_release(session, signed, desk, cast):
    filed, bruno = desk.draft(), signed("bruno")
    before = lines(session)
    took = bruno.send(f"{LIST}/{filed.id}/prendre")
    assert (took.status_code, took.location) == (303, f"{LIST}/{filed.id}")
    assert case(session, filed).held_by == cast.bruno
    page = bruno.get(f"{LIST}/{filed.id}").get_data(as_text=True)
    assert "Vous avez ce dossier en main." in page
    assert f'action="{LIST}/{filed.id}/rendre"' in page
    gave = bruno.send(f"{LIST}/{filed.id}/rendre")
    assert gave.status_code == 303
    assert case(session, filed).held_by is None
    assert lines(session) == before + 2


def test_second_claim_names_the_holder(session, signed, desk, cast):
    filed = desk.draft()
    assert signed("chloe").send(f"{LIST}/{filed.id}/prendre").status_code == 303
    before = lines(session)
    lost = signed("bruno").send(f"{LIST}/{filed.id}/prendre")
    assert lost.status_code == 409
    assert "Chloe a ce dossier en main jusqu’à" in lost.get_data(as_text=True)
    assert case(session, filed).held_by == cast.chloe
    assert lines(session) == before
    # The page of the case says it too, and offers no button to a moderator.
    page = signed("bruno").get(f"{LIST}/{filed.id}").get_data(as_text=True)
    assert "<b>chloe</b> a ce dossier en main" in page
    assert "Le prendre en main" not in page


def test_administrator_releases_the_claim_of_another(session, signed, desk, cast):
    filed = desk.draft()
    signed("chloe").send(f"{LIST}/{filed.id}/prendre")
    assert signed("bruno").send(f"{LIST}/{filed.id}/rendre").status_code == 409
    assert case(session, filed).held_by == cast.chloe
    ada = signed("ada")
    assert "Le rendre à sa place" in ada.get(f"{LIST}/{filed.id}").get_data(as_text=True)
    assert ada.send(f"{LIST}/{filed.id}/rendre").status_code == 303
    assert case(session, filed).held_by is None


def test_expired_claim_has_no_holder(session, engine, signed, desk, cast):
    filed = desk.draft()
    with writing(engine, now() - CLAIM_DURATION - timedelta(minutes=1)) as p:
        acts.claim(p, filed.id, by=cast.chloe)
    bruno = signed("bruno")
    page = bruno.get(f"{LIST}/{filed.id}").get_data(as_text=True)
    assert "Personne n’a ce dossier en main" in page
    assert "Personne" in bruno.send(f"{LIST}/{filed.id}/rendre").get_data(as_text=True)
    assert bruno.send(f"{LIST}/{filed.id}/prendre").status_code == 303
    assert case(session, filed).held_by == cast.bruno


@pytest.mark.parametrize("what", ["erased", "merged", "discarded"])
def test_closed_case_cannot_be_claimed(session, signed, desk, what):
    filed = getattr(desk, what)()
    before = lines(session)
    bruno = signed("bruno")
    assert bruno.send(f"{LIST}/{filed.id}/prendre").status_code == 409
    assert bruno.send(f"{LIST}/{filed.id}/notes", text="vu").status_code == 409
    assert lines(session) == before


@pytest.mark.parametrize("path", ["prendre", "rendre", "notes"])
def test_a_case_that_is_not_there_is_not_found(signed, path):
    for missing in (4_000, 10**12):
        assert signed("bruno").send(f"{LIST}/{missing}/{path}", text="x").status_code == 404
    assert signed("bruno").get(f"{LIST}/1/{path}").status_code == 405


def test_concurrent_claims_have_one_winner(app, session, signed, desk, cast):
    filed = desk.draft()
    members = [signed("bruno"), signed("chloe")]
    for _ in range(5):
        found = [0, 0]
        ready = threading.Barrier(2)

        def take(place, found=found, ready=ready):
            ready.wait()
            found[place] = members[place].send(f"{LIST}/{filed.id}/prendre").status_code
            with app.app_context():
                db.session.remove()

        threads = [threading.Thread(target=take, args=(place,)) for place in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == [303, 409]
        winner = (cast.bruno, cast.chloe)[found.index(303)]
        assert case(session, filed).held_by == winner
        session.rollback()
        with desk.pen(now()) as p:
            acts.release(p, filed.id, by=winner)


# --- notes --------------------------------------------------------------------------------------


def test_note_keeps_its_lines_and_is_shown(session, signed, desk, cast):
    filed, bruno = desk.draft(), signed("bruno")
    before = lines(session)
    sent = bruno.send(f"{LIST}/{filed.id}/notes", text="Écrit au blog.\r\n\r\nÀ relire <b>ici</b>.")
    assert (sent.status_code, sent.location) == (303, f"{LIST}/{filed.id}#notes")
    session.rollback()
    note = session.scalars(select(Note)).one()
    assert (note.text, note.written_by) == ("Écrit au blog.\n\nÀ relire <b>ici</b>.", cast.bruno)
    assert lines(session) == before + 1
    page = signed("chloe").get(f"{LIST}/{filed.id}").get_data(as_text=True)
    assert "<p>Écrit au blog.</p>" in page
    assert "À relire &lt;b&gt;ici&lt;/b&gt;." in page


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), ("   \u200b", ""), ("é" * (NOTE_LIMIT + 1), "é" * (NOTE_LIMIT + 1))],
    ids=["empty", "blank", "long"],
)
def test_refused_note_is_shown_again(session, signed, desk, text, kept):
    filed = desk.draft()
    before = lines(session)
    sent = signed("bruno").send(f"{LIST}/{filed.id}/notes", text=text)
    page = sent.get_data(as_text=True)
    assert sent.status_code == 422
    assert 'href="#text"' in page
    assert f">\n{kept}</textarea>" in page
    assert lines(session) == before


def test_note_on_an_erased_case_is_shown_again(signed, desk):
    filed = desk.erased()
    page = signed("bruno").send(f"{LIST}/{filed.id}/notes", text="Un texte à garder.")
    assert page.status_code == 409
    assert "Un texte à garder.</textarea>" in page.get_data(as_text=True)


HOSTILE = {**HOSTILE_TEXTS, **OVERSIZED_TEXTS}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_note_is_stored_safely_or_refused(session, signed, desk, name):
    filed, bruno = desk.draft(), signed("bruno")
    sent = bruno.send(f"{LIST}/{filed.id}/notes", MultiDict([("text", HOSTILE[name])]))
    assert sent.status_code in (303, 422)
    page = bruno.get(f"{LIST}/{filed.id}").get_data(as_text=True)
    assert "<script>alert" not in page
    session.rollback()
    for note in session.scalars(select(Note)):
        assert not set(note.text) & set("\x00\x07\x1b\u202e\u2066\ud800")


def test_claim_requires_token_and_membership(session, app, signed, desk):
    filed = desk.draft()
    before = lines(session)
    for path in ("prendre", "rendre", "notes"):
        address = f"{LIST}/{filed.id}/{path}"
        assert signed("bruno").client.post(address, data={"text": "x"}).status_code in (400, 403)
        assert app.test_client().post(address, data={"text": "x"}).status_code in (303, 400, 403)
        assert signed("driss").send(address, text="x").status_code in (303, 403)
    assert lines(session) == before
    assert case(session, filed).held_by is None
