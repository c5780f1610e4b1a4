"""Pieces of evidence: what may be published, what is asked of their words, and their files."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from case_contents import a_case
from case_pieces import (
    MadePage,
    PieceWords,
    add_copy,
    add_piece,
    copied_file,
    draft_with_pieces,
    picture,
    publish_with_pieces,
)
from cast import Cast
from sqlalchemy.orm import Session

from register.cases import acts, pieces
from register.cases.case_content import canonical_content, content_of, parse_content
from register.cases.checklist import ATTESTATIONS, Circumstances, build_checklist
from register.cases.models import Incident, Revision
from register.cases.piece_content import PieceContent, PiecePage
from register.cases.risk_flags import document_flags
from register.cases.validation import find_faults
from register.cases.verify import verify
from register.cases.vocabulary import current_vocabulary
from register.errors import Incomplete
from register.evidence.blob_store import open_store
from register.evidence.sealed_files import SealedFiles
from register.journal import Act, WriteTransaction
from register.key_store import KeyStore

pytestmark = pytest.mark.one_database

Pen = Callable[..., AbstractContextManager[WriteTransaction]]
LETTER = PieceWords("image", [picture("Lettre", 60, 80)], ["Une lettre à en-tête."])
PHOTO = PieceWords("image", [picture("Photo", 60, 80)], ["Une salle vide."])
SOUND = MadePage(b"\0\0\0\x20ftypM4A sound", "audio/mp4", duration=12.2)


@pytest.fixture
def files(tmp_path: Path) -> SealedFiles:
    return SealedFiles(open_store("", tmp_path), secrets.token_bytes(32))


def unmet(error: pytest.ExceptionInfo[Incomplete]) -> list[tuple[str, object]]:
    return [(item.code, item.values.get("numbers")) for item in error.value.values["lines"]]


def publish(tx: WriteTransaction, case_id: int, cast: Cast, store: KeyStore | None) -> None:
    acts.approve(tx, case_id, by=cast.chloe)
    acts.publish(
        tx,
        case_id,
        by=cast.bruno,
        reason="lu",
        attested=ATTESTATIONS,
        store=store,
        flag_reasons="lu",
    )


def invited_draft(tx: WriteTransaction, store: KeyStore, files: SealedFiles, cast: Cast) -> int:
    case_id, _content = draft_with_pieces(tx, store, files, a_case(), [LETTER], by=cast.bruno)
    acts.invite(tx, case_id, "courriel", by=cast.bruno)
    return case_id


def test_a_case_with_a_looked_at_copy_and_no_source_is_published(
    pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    members = {"by": cast.bruno, "second": cast.chloe}
    with pen() as tx:
        case_id, _number, content = publish_with_pieces(
            tx, store, files, a_case(sources=()), [LETTER], **members
        )
    case = session.get_one(Incident, case_id)
    assert content_of(case).pieces == content.pieces
    assert list(verify(session)) == []
    assert case.revision
    assert case.revision.unmet == ""


@pytest.mark.parametrize("change", ["other copy", "other file", "other size", "no key store"])
def test_only_the_copy_that_was_looked_at_is_published(
    pen: Pen, store: KeyStore, files: SealedFiles, cast: Cast, change: str
) -> None:
    with pen() as tx:
        case_id, content = draft_with_pieces(
            tx, store, files, a_case(), [LETTER, PHOTO], by=cast.bruno
        )
        acts.invite(tx, case_id, "courriel", by=cast.bruno)
        first, second = content.pieces
        changed = {
            "other copy": replace(second, pages=first.pages),
            "other file": replace(second, original="0" * 64),
            "other size": replace(second, pages=(replace(second.pages[0], size=1),)),
            "no key store": second,
        }[change]
        if changed != second:
            content = replace(content, pieces=(first, changed))
            acts.edit(tx, case_id, content, by=cast.bruno, reason="autre")
    with pytest.raises(Incomplete) as refused, pen() as tx:
        publish(tx, case_id, cast, None if change == "no key store" else store)
    assert unmet(refused) == [("copies", [1, 2] if change == "no key store" else [2])]


@pytest.mark.parametrize("looked", [False, True])
def test_a_copy_that_was_made_again_takes_the_place_of_the_former_one(
    pen: Pen, store: KeyStore, files: SealedFiles, cast: Cast, looked: bool
) -> None:
    """The face that the first copy still showed must not be published with it."""
    with pen() as tx:
        case = acts.draft(tx, a_case(), by=cast.bruno, reason="presse")
        acts.invite(tx, case.id, "courriel", by=cast.bruno)
        copy = add_copy(
            tx, store, files, case.id, "image", [picture("un")], looked_by=cast.bruno, original=b"o"
        )
        piece = replace(pieces.piece_of(copy), caption="Lettre")
        piece = replace(piece, pages=(replace(piece.pages[0], alt="Une lettre."),))
        acts.edit(tx, case.id, replace(a_case(), pieces=(piece,)), by=cast.bruno, reason="pièce")
        masked = add_copy(
            tx,
            store,
            files,
            case.id,
            "image",
            [picture("masqué")],
            original=b"o",
            evidence=copied_file(tx, copy),
            edits={"masks": [1]},
            looked_by=cast.bruno if looked else None,
        )
    with pytest.raises(Incomplete) as refused, pen() as tx:
        publish(tx, case.id, cast, store)
    assert unmet(refused) == [("copies", [1])]
    if looked:
        newer = pieces.piece_of(masked)
        assert newer.edits == ("masque",)
        newer = replace(newer, caption="Lettre", pages=(replace(newer.pages[0], alt="Masqué."),))
        with pen() as tx:
            acts.edit(
                tx, case.id, replace(a_case(), pieces=(newer,)), by=cast.bruno, reason="masque"
            )
            publish(tx, case.id, cast, store)


def test_another_cases_copy_is_not_published(
    pen: Pen, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    with pen() as tx:
        _other, content = draft_with_pieces(tx, store, files, a_case(), [LETTER], by=cast.bruno)
        case_id = invited_draft(tx, store, files, cast)
        acts.edit(tx, case_id, content, by=cast.bruno, reason="autre dossier")
    with pytest.raises(Incomplete) as refused, pen() as tx:
        publish(tx, case_id, cast, store)
    assert unmet(refused) == [("copies", [1])]


def test_a_correction_changes_words_without_the_key_store_but_adds_no_piece(
    pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    with pen() as tx:
        case_id, _number, content = publish_with_pieces(
            tx, store, files, a_case(), [LETTER], by=cast.bruno, second=cast.chloe
        )
        added = add_piece(
            tx,
            store,
            files,
            case_id,
            "audio",
            [SOUND],
            looked_by=cast.bruno,
            caption="Appel.",
            no_transcript="inaudible",
        )
    options = {
        "by": cast.bruno,
        "reason": "oubli",
        "public_note": "Pièce.",
        "attested": ATTESTATIONS,
    }
    renamed = replace(content, pieces=(replace(content.pieces[0], caption="Lettre du 3 mai."),))
    with pen() as tx:
        assert acts.correct(tx, case_id, renamed, **options).act == Act.CORRECTED
    longer = replace(renamed, pieces=(*renamed.pieces, added))
    with pytest.raises(Incomplete) as refused, pen() as tx:
        acts.correct(tx, case_id, longer, **options)
    assert unmet(refused) == [("copies", [2])]
    with pen() as tx:
        assert acts.correct(tx, case_id, longer, **options, store=store).act == Act.CORRECTED
    case = session.get_one(Incident, case_id)
    assert [piece.caption for piece in content_of(case).pieces] == ["Lettre du 3 mai.", "Appel."]
    assert added.pages[0].duration == 13, "whole seconds, rounded up"


def test_a_withdrawn_case_is_restored_only_with_looked_at_copies(
    pen: Pen, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    with pen() as tx:
        case_id, _number, content = publish_with_pieces(
            tx, store, files, a_case(), [LETTER], by=cast.bruno, second=cast.chloe
        )
        acts.withdraw(tx, case_id, by=cast.bruno, restriction="erreur", reason="erreur")
        foreign = replace(content.pieces[0], original="1" * 64)
        acts.edit(tx, case_id, replace(content, pieces=(foreign,)), by=cast.bruno, reason="autre")
        acts.approve(tx, case_id, by=cast.chloe)
    options = {"by": cast.bruno, "reason": "lu", "attested": ATTESTATIONS}
    with pytest.raises(Incomplete) as refused, pen() as tx:
        acts.restore(tx, case_id, **options, store=store, public_note="x")
    assert unmet(refused) == [("copies", [1])]


@pytest.mark.parametrize(
    ("piece", "is_described"),
    [
        (PieceContent("image", "Lettre", pages=(PiecePage(alt="Une lettre."),)), True),
        (PieceContent("image", "Lettre", pages=(PiecePage(),)), False),
        (PieceContent("image", "Lettre", transcript="mots", pages=(PiecePage(),)), False),
        (PieceContent("image", "", pages=(PiecePage(alt="Une lettre."),)), False),
        (PieceContent("pdf", "Acte", pages=(PiecePage(alt="Un."), PiecePage())), False),
        (PieceContent("pdf", "Acte", pages=(PiecePage(alt="Un."), PiecePage(alt="Deux."))), True),
        (PieceContent("pdf", "Acte", transcript="mots", pages=(PiecePage(), PiecePage())), True),
        (PieceContent("pdf", "Acte", no_transcript="illisible", pages=(PiecePage(),)), True),
        (PieceContent("audio", "Appel", pages=(PiecePage(alt="un son"),)), False),
        (PieceContent("audio", "Appel", transcript="Allô ?", pages=(PiecePage(),)), True),
        (PieceContent("video", "Séance", no_transcript="muette", pages=(PiecePage(),)), True),
        (PieceContent("text", "Courriel", pages=(PiecePage(),)), True),
    ],
)
def test_a_piece_is_described_for_who_cannot_see_or_hear_it(
    session: Session, cast: Cast, piece: PieceContent, is_described: bool
) -> None:
    vocabulary = current_vocabulary(session)
    content = a_case(pieces=(PieceContent("text", "Autre", pages=(PiecePage(),)), piece))
    result = build_checklist(content, vocabulary, Circumstances())
    item = next(item for item in result.items if item.code == "pieces")
    assert (item.met, item.values["numbers"]) == (is_described, [] if is_described else [2])


def test_a_case_without_pieces_has_no_line_about_them(session: Session, cast: Cast) -> None:
    result = build_checklist(a_case(), current_vocabulary(session), Circumstances())
    assert {"pieces", "copies"}.isdisjoint(item.code for item in result.items)


def test_words_of_pieces_are_flagged_and_their_digests_are_not() -> None:
    phone = "06 12 34 56 78"
    words = {
        name: f"{name} {phone}" for name in ("caption", "warning", "transcript", "no_transcript")
    }
    digest = "0612345678" + "a" * 54
    piece = PieceContent(**words, original=digest, pages=(PiecePage(digest, alt=f"alt {phone}"),))
    document = json.loads(canonical_content(a_case(pieces=(piece,)), {}))
    flags = [flag for flag in document_flags(document) if flag.code == "telephone"]
    assert sorted(flag.field for flag in flags) == [
        "pieces.caption",
        "pieces.no_transcript",
        "pieces.pages.alt",
        "pieces.transcript",
        "pieces.warning",
    ]


def test_a_redaction_takes_a_passage_out_of_the_words_of_a_piece(
    pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    name = "Zéphyrin Quintefeuille"
    words = {
        "caption": f"Lettre à {name}.",
        "warning": f"Le visage de {name}.",
        "transcript": f"Monsieur {name},\nvotre billet.",
        "no_transcript": f"{name} ne l’a pas voulu.",
        "alts": [f"Une lettre à {name}."],
    }
    letter = PieceWords("image", [picture("Lettre", 60, 80)], **words)
    with pen() as tx:
        case_id, _number, content = publish_with_pieces(
            tx, store, files, a_case(), [letter], by=cast.bruno, second=cast.chloe
        )
    [piece] = content.pieces
    clean = {key: value.replace(name, "") for key, value in words.items() if key != "alts"}
    bare = replace(piece, **clean, pages=(replace(piece.pages[0], alt="Une lettre."),))
    with pen() as tx:
        acts.redact(
            tx,
            case_id,
            replace(content, pieces=(bare,)),
            by=cast.bruno,
            reason="RGPD",
            attested=ATTESTATIONS,
            public_note="Un passage a été retiré.",
            passages=[name],
        )
    session.rollback()
    stored = [
        row.content.decode()
        for row in session.query(Revision).filter_by(incident_id=case_id)
        if row.content and "Lettre" in row.content.decode()
    ]
    assert len(stored) >= 2
    assert all("Quintefeuille" not in text and piece.original in text for text in stored)
    assert list(verify(session)) == []


@pytest.mark.parametrize(
    ("piece", "fault"),
    [
        (PieceContent(pages=()), ("pieces", "too_many")),
        (PieceContent(pages=(PiecePage(""),)), ("pieces", "missing")),
        (PieceContent("exe", pages=(PiecePage("a" * 64),)), ("pieces.kind", "unknown_code")),
        (
            PieceContent(pages=(PiecePage("a" * 64, "text/html"),)),
            ("pieces.pages.mime", "unknown_code"),
        ),
        (PieceContent(pages=(PiecePage("../../etc"),)), ("pieces.pages.copy", "unknown_code")),
        (
            PieceContent(original="A" * 64, pages=(PiecePage("a" * 64),)),
            ("pieces.original", "unknown_code"),
        ),
        (PieceContent(caption="x" * 2001, pages=(PiecePage("a" * 64),)), ("pieces", "too_long")),
        (
            PieceContent(edits=("autre",), pages=(PiecePage("a" * 64),)),
            ("pieces.edits", "unknown_code"),
        ),
    ],
)
def test_a_piece_with_a_fault_is_not_stored(
    session: Session, cast: Cast, piece: PieceContent, fault: tuple[str, str]
) -> None:
    faults = find_faults(session, current_vocabulary(session), a_case(pieces=(piece,)))
    assert fault in [(found.field, found.key) for found in faults]


def test_a_proposed_correction_carries_its_pieces(
    pen: Pen, session: Session, store: KeyStore, files: SealedFiles, cast: Cast
) -> None:
    """What waits for a second person is the document with the piece, and is checked again."""
    with pen() as tx:
        case_id, _number, content = publish_with_pieces(
            tx, store, files, a_case(justice=True), [LETTER], by=cast.bruno, second=cast.chloe
        )
        added = add_piece(
            tx,
            store,
            files,
            case_id,
            "image",
            [picture("autre")],
            looked_by=cast.bruno,
            caption="Autre lettre.",
            alts=["Une autre lettre."],
        )
        longer = replace(content, pieces=(*content.pieces, added))
        line = acts.correct(
            tx,
            case_id,
            longer,
            by=cast.bruno,
            reason="oubli",
            public_note="Pièce.",
            attested=ATTESTATIONS,
            store=store,
        )
        assert line.act == Act.CHANGE_PROPOSED
    change_id = 1
    with pytest.raises(Incomplete), pen() as tx:
        acts.approve_change(tx, change_id, by=cast.chloe)
    with pen() as tx:
        acts.approve_change(tx, change_id, by=cast.chloe, store=store)
    session.rollback()
    case = session.get_one(Incident, case_id)
    assert parse_content(json.loads(case.revision.content)) == content_of(case) == longer
