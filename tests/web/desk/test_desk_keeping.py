"""Claim, release and notes of a case over HTTP."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hostile_strings import HOSTILE_TEXTS, OVERSIZED_TEXTS
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from register.cases import acts
from register.cases.acts.claims import NOTE_LIMIT
from register.cases.models import Incident, Note
from register.cases.urgency import CLAIM_DURATION
from register.db import db, now
from register.journal import Ledger, head, writing

pytestmark = pytest.mark.one_database

LIST = "/moderation/dossiers"


def load_case(session, case):
    session.rollback()
    return session.get_one(Incident, case.id)


def last_desk_line(session):
    session.rollback()
    return head(session, Ledger.DESK).seq


def test_claim_and_release(session, signed, desk, cast):
    case, bruno = desk.draft(), signed("bruno")
    line_before = last_desk_line(session)
    claimed = bruno.send(f"{LIST}/{case.id}/prendre")
    assert (claimed.status_code, claimed.location) == (303, f"{LIST}/{case.id}")
    assert load_case(session, case).held_by == cast.bruno
    page = bruno.get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert "Vous avez ce dossier en main." in page
    assert f'action="{LIST}/{case.id}/rendre"' in page
    released = bruno.send(f"{LIST}/{case.id}/rendre")
    assert released.status_code == 303
    assert load_case(session, case).held_by is None
    assert last_desk_line(session) == line_before + 2


def test_second_claim_names_the_holder(session, signed, desk, cast):
    case = desk.draft()
    assert signed("chloe").send(f"{LIST}/{case.id}/prendre").status_code == 303
    line_before = last_desk_line(session)
    refused = signed("bruno").send(f"{LIST}/{case.id}/prendre")
    assert refused.status_code == 409
    assert "Chloe a ce dossier en main jusqu’à" in refused.get_data(as_text=True)
    assert load_case(session, case).held_by == cast.chloe
    assert last_desk_line(session) == line_before
    # The page of the case names the holder and has no button for a moderator.
    page = signed("bruno").get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert "<b>chloe</b> a ce dossier en main" in page
    assert "Le prendre en main" not in page


def test_administrator_releases_the_claim_of_another(session, signed, desk, cast):
    case = desk.draft()
    signed("chloe").send(f"{LIST}/{case.id}/prendre")
    assert signed("bruno").send(f"{LIST}/{case.id}/rendre").status_code == 409
    assert load_case(session, case).held_by == cast.chloe
    ada = signed("ada")
    assert "Le rendre à sa place" in ada.get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert ada.send(f"{LIST}/{case.id}/rendre").status_code == 303
    assert load_case(session, case).held_by is None


def test_expired_claim_has_no_holder(session, engine, signed, desk, cast):
    case = desk.draft()
    with writing(engine, now() - CLAIM_DURATION - timedelta(minutes=1)) as p:
        acts.claim(p, case.id, by=cast.chloe)
    bruno = signed("bruno")
    page = bruno.get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert "Personne n’a ce dossier en main" in page
    assert "Personne" in bruno.send(f"{LIST}/{case.id}/rendre").get_data(as_text=True)
    assert bruno.send(f"{LIST}/{case.id}/prendre").status_code == 303
    assert load_case(session, case).held_by == cast.bruno


@pytest.mark.parametrize("state", ["erased", "merged", "discarded"])
def test_closed_case_cannot_be_claimed(session, signed, desk, state):
    case = getattr(desk, state)()
    line_before = last_desk_line(session)
    bruno = signed("bruno")
    assert bruno.send(f"{LIST}/{case.id}/prendre").status_code == 409
    if state != "merged":
        assert bruno.send(f"{LIST}/{case.id}/notes", text="vu").status_code == 409
    assert last_desk_line(session) == line_before


@pytest.mark.parametrize("path", ["prendre", "rendre", "notes"])
def test_an_unknown_case_is_not_found(signed, path):
    for missing in (4_000, 10**12):
        assert signed("bruno").send(f"{LIST}/{missing}/{path}", text="x").status_code == 404
    assert signed("bruno").get(f"{LIST}/1/{path}").status_code == 405


def test_concurrent_claims_have_one_winner(app, session, signed, desk, cast):
    case = desk.draft()
    members = [signed("bruno"), signed("chloe")]
    for _ in range(5):
        statuses = [0, 0]
        ready = threading.Barrier(2)

        def claim(position, statuses=statuses, ready=ready):
            ready.wait()
            statuses[position] = members[position].send(f"{LIST}/{case.id}/prendre").status_code
            with app.app_context():
                db.session.remove()

        threads = [threading.Thread(target=claim, args=(position,)) for position in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [303, 409]
        winner = (cast.bruno, cast.chloe)[statuses.index(303)]
        assert load_case(session, case).held_by == winner
        session.rollback()
        with desk.pen(now()) as p:
            acts.release(p, case.id, by=winner)


# --- assignments and marks ----------------------------------------------------------------------


def test_a_case_is_handed_to_a_member_with_a_note(session, signed, desk, cast):
    case, bruno = desk.draft(), signed("bruno")
    page = bruno.get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert ">chloe</option>" in page
    assert ">driss</option>" not in page
    sent = bruno.send(f"{LIST}/{case.id}/confier", to=str(cast.chloe), note="Reste la source.")
    assert (sent.status_code, sent.location) == (303, f"{LIST}/{case.id}")
    page = signed("chloe").get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert "Ce dossier vous est confié." in page
    assert "Reste la source." in page
    refused = bruno.send(f"{LIST}/{case.id}/prendre")
    assert refused.status_code == 409
    assert "Ce dossier est confié à chloe" in refused.get_data(as_text=True)
    # A member who may not be chosen: the note comes back.
    refused = signed("chloe").send(f"{LIST}/{case.id}/confier", to=str(cast.driss), note="Mot.")
    assert refused.status_code == 422
    assert "Choisissez un membre actif" in refused.get_data(as_text=True)
    assert "Mot." in refused.get_data(as_text=True)


def test_danger_and_term_are_set_on_the_page_of_a_case(session, signed, desk):
    case, bruno = desk.draft(), signed("bruno")
    address = f"{LIST}/{case.id}/urgence"
    sent = bruno.send(address, danger="y", term_on="2020-03-12", term_label="offre de preuve")
    assert sent.status_code == 303
    for path in (f"{LIST}/{case.id}", LIST):
        response = signed("chloe").get(path)
        assert '<span class="late">danger</span>' in response.get_data(as_text=True)
        assert "échéance passée depuis le 12 mars 2020 : offre de preuve" in " ".join(
            response.get_data(as_text=True).split()
        )
    refused = bruno.send(address, term_on="32/13/2026", term_label="sans jour")
    assert refused.status_code == 422
    assert "Donnez un jour qui existe" in refused.get_data(as_text=True)
    refused = bruno.send(address, term_label="sans jour")
    assert refused.status_code == 422
    assert bruno.send(address).status_code == 303
    assert load_case(session, case).danger_on is None


# --- notes --------------------------------------------------------------------------------------


def test_note_keeps_its_lines_and_is_shown(session, signed, desk, cast):
    case, bruno = desk.draft(), signed("bruno")
    line_before = last_desk_line(session)
    response = bruno.send(
        f"{LIST}/{case.id}/notes", text="Écrit au blog.\r\n\r\nÀ relire <b>ici</b>."
    )
    assert (response.status_code, response.location) == (303, f"{LIST}/{case.id}#notes")
    session.rollback()
    note = session.scalars(select(Note)).one()
    assert (note.text, note.written_by) == ("Écrit au blog.\n\nÀ relire <b>ici</b>.", cast.bruno)
    assert last_desk_line(session) == line_before + 1
    page = signed("chloe").get(f"{LIST}/{case.id}").get_data(as_text=True)
    assert "<p>Écrit au blog.</p>" in page
    assert "À relire &lt;b&gt;ici&lt;/b&gt;." in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", ""), ("   \u200b", ""), ("é" * (NOTE_LIMIT + 1), "é" * (NOTE_LIMIT + 1))],
    ids=["empty", "blank", "long"],
)
def test_refused_note_is_shown_again(session, signed, desk, text, shown):
    case = desk.draft()
    line_before = last_desk_line(session)
    response = signed("bruno").send(f"{LIST}/{case.id}/notes", text=text)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'href="#text"' in page
    assert f">\n{shown}</textarea>" in page
    assert last_desk_line(session) == line_before


def test_note_on_an_erased_case_is_shown_again(signed, desk):
    case = desk.erased()
    page = signed("bruno").send(f"{LIST}/{case.id}/notes", text="Un texte à garder.")
    assert page.status_code == 409
    assert "Un texte à garder.</textarea>" in page.get_data(as_text=True)


HOSTILE = {**HOSTILE_TEXTS, **OVERSIZED_TEXTS}


def test_hostile_note_is_stored_safely_or_refused(session, signed, desk):
    case, bruno = desk.draft(), signed("bruno")
    for name, text in HOSTILE.items():
        response = bruno.send(f"{LIST}/{case.id}/notes", MultiDict([("text", text)]))
        assert response.status_code in (303, 422), name
        page = bruno.get(f"{LIST}/{case.id}").get_data(as_text=True)
        assert "<script>alert" not in page, name
    session.rollback()
    for note in session.scalars(select(Note)):
        assert not set(note.text) & set("\x00\x07\x1b\u202e\u2066\ud800")


def test_claim_requires_token_and_membership(session, app, signed, desk):
    case = desk.draft()
    line_before = last_desk_line(session)
    for path in ("prendre", "rendre", "notes"):
        address = f"{LIST}/{case.id}/{path}"
        assert signed("bruno").client.post(address, data={"text": "x"}).status_code in (400, 403)
        assert app.test_client().post(address, data={"text": "x"}).status_code in (303, 400, 403)
        assert signed("driss").send(address, text="x").status_code in (303, 403)
    assert last_desk_line(session) == line_before
    assert load_case(session, case).held_by is None
