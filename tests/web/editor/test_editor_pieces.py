"""Pieces of evidence in the editor: adding, words, order, newer copies, removal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from case_contents import a_case
from case_pieces import (
    MadePage,
    PieceWords,
    add_copy,
    copied_file,
    draft_with_pieces,
    picture,
    publish_with_pieces,
)
from cast import Cast
from form_client import FilledForm, MemberClient
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.case_content import Content, content_of
from register.cases.models import Incident
from register.cases.pieces import piece_of
from register.config import Settings
from register.evidence.sealed_files import SealedFiles
from register.journal import WriteTransaction
from register.key_store import KeyStore
from register.operations import setup

pytestmark = pytest.mark.one_database

Pen = Callable[..., AbstractContextManager[WriteTransaction]]
LETTER = PieceWords("image", [picture("Lettre", 60, 80)], ["Une lettre."], "Lettre.")
LEAVES = PieceWords("pdf", [picture(str(n)) for n in range(3)], ["", "Deux."], "Acte.")
SOUND = PieceWords(
    "audio", [MadePage(b"son", "audio/mp4")], [], "Appel.", "cris", "Un :\n\nDeux.", ""
)


@pytest.fixture
def files(settings: Settings, store: KeyStore) -> SealedFiles:
    return setup.sealed_files(settings, store)


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def stored(session: Session, case_id: int) -> Content:
    session.rollback()
    return content_of(session.get_one(Incident, case_id))


def edit_path(case_id: int) -> str:
    return f"/moderation/dossiers/{case_id}/modifier"


def test_saving_an_unchanged_form_keeps_every_piece(
    bruno: MemberClient, pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    with pen() as tx:
        case_id, content = draft_with_pieces(
            tx, store, files, a_case(), [LETTER, LEAVES, SOUND], by=cast.bruno
        )
    form = FilledForm(bruno.get(edit_path(case_id)).text)
    assert bruno.send(edit_path(case_id), form.sent(reason="relu")).status_code == 303
    assert stored(session, case_id) == content


def test_a_looked_at_copy_is_added_and_described(
    bruno: MemberClient, pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    with pen() as tx:
        case_id, content = draft_with_pieces(tx, store, files, a_case(), [LETTER], by=cast.bruno)
        ready = add_copy(
            tx,
            store,
            files,
            case_id,
            "pdf",
            LEAVES.pages,
            looked_by=cast.bruno,
            edits={"masks": [1], "dropped_pages": [2]},
        )
        unseen = add_copy(tx, store, files, case_id, "image", [picture("non")])
    page = bruno.get(edit_path(case_id)).text
    assert f'value="+piece-{ready.order.original}"' in page
    assert unseen.order.original not in page
    assert unseen.pages[0].sha256 not in page
    added = bruno.send(edit_path(case_id), FilledForm(page).sent(f"+piece-{ready.order.original}"))
    assert added.status_code == 200
    assert f'value="+piece-{ready.order.original}"' not in added.text
    words = {
        "pieces-1-caption": "Acte.",
        "pieces-1-alts": "\nDeux.\r\nTrois.",
        "pieces-1-transcript": "Mots.\r\nAutres mots.",
        "pieces-1-warning": "un visage",
        "pieces-1-rank": "1",
        "pieces-0-rank": "2",
    }
    form = FilledForm(added.text)
    assert bruno.send(edit_path(case_id), form.sent(reason="acte", **words)).status_code == 303
    first, second = stored(session, case_id).pieces
    assert second == content.pieces[0]
    assert [page.alt for page in first.pages] == ["", "Deux.", "Trois."]
    assert (first.caption, first.warning) == ("Acte.", "un visage")
    assert first.transcript == "Mots.\nAutres mots."
    assert first.edits == ("pages", "masque")
    assert [page.copy for page in first.pages] == [page.sha256 for page in ready.pages]


@pytest.mark.parametrize("original", ["unlooked", "other case", "made up"])
def test_a_form_cannot_name_another_copy(
    bruno: MemberClient,
    pen: Pen,
    session: Session,
    store: KeyStore,
    files: SealedFiles,
    cast: Cast,
    original: str,
) -> None:
    with pen() as tx:
        case_id, content = draft_with_pieces(tx, store, files, a_case(), [LETTER], by=cast.bruno)
        unseen = add_copy(tx, store, files, case_id, "image", [picture("non")])
        _other, foreign = draft_with_pieces(tx, store, files, a_case(), [SOUND], by=cast.bruno)
    digest = {
        "unlooked": unseen.order.original,
        "other case": foreign.pieces[0].original,
        "made up": "0" * 64,
    }[original]
    form = FilledForm(bruno.get(edit_path(case_id)).text)
    bruno.send(edit_path(case_id), form.sent(f"+piece-{digest}", reason="x"))
    forged = {"pieces-0-original": digest, "reason": "x"}
    response = bruno.send(edit_path(case_id), form.sent(**forged))
    assert response.status_code == 422
    assert "plus de copie à montrer" in response.text
    assert stored(session, case_id) == content


@pytest.mark.parametrize("takes", [True, False])
def test_a_newer_copy_is_offered_and_taken_by_choice(
    bruno: MemberClient,
    pen: Pen,
    session: Session,
    store: KeyStore,
    files: SealedFiles,
    cast: Cast,
    takes: bool,
) -> None:
    with pen() as tx:
        case_id, _content = draft_with_pieces(tx, store, files, a_case(), [], by=cast.bruno)
        copy = add_copy(
            tx, store, files, case_id, "image", [picture("un")], original=b"o", looked_by=cast.bruno
        )
    form = FilledForm(bruno.get(edit_path(case_id)).text)
    page = bruno.send(edit_path(case_id), form.sent(f"+piece-{copy.order.original}")).text
    words = {"pieces-0-caption": "Lettre.", "pieces-0-alts": "Une lettre."}
    bruno.send(edit_path(case_id), FilledForm(page).sent(reason="pièce", **words))
    assert len(stored(session, case_id).pieces) == 1
    with pen() as tx:
        acts.note(tx, case_id, "un visage à masquer", by=cast.bruno)
        masked = add_copy(
            tx,
            store,
            files,
            case_id,
            "image",
            [picture("masqué")],
            original=b"o",
            looked_by=cast.bruno,
            evidence=copied_file(tx, copy),
            edits={"masks": [1]},
        )
    page = bruno.get(edit_path(case_id)).text
    assert 'name="pieces-0-renewed" value="y" checked' in page
    fields = FilledForm(page).sent(reason="copie")
    if not takes:
        fields.pop("pieces-0-renewed")
    assert bruno.send(edit_path(case_id), fields).status_code == 303
    [piece] = stored(session, case_id).pieces
    kept = piece_of(masked if takes else copy)
    described = tuple(replace(page, alt="Une lettre.") for page in kept.pages)
    assert piece == replace(kept, caption="Lettre.", pages=described)


def test_a_correction_removes_a_piece_from_a_public_case(
    bruno: MemberClient, pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    with pen() as tx:
        case_id, _number, content = publish_with_pieces(
            tx, store, files, a_case(), [LETTER, SOUND], by=cast.bruno, second=cast.chloe
        )
    path = f"/moderation/dossiers/{case_id}/corriger"
    page = bruno.send(path, FilledForm(bruno.get(path).text).sent("-pieces-0")).text
    ticked = dict.fromkeys(("attribution", "no_private_person", "no_private_life"), "y")
    form = FilledForm(page).sent(reason="retrait", public_note="La lettre est retirée.", **ticked)
    assert bruno.send(path, form).status_code == 303
    assert stored(session, case_id).pieces == content.pieces[1:]


def test_a_new_case_has_no_pieces_to_choose(bruno: MemberClient) -> None:
    assert 'id="pieces"' not in bruno.get("/moderation/dossiers/nouveau").text
