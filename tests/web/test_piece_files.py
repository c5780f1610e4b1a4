"""Published pieces of evidence: page of the case, and their files for readers and members."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context
from dataclasses import dataclass, replace
from typing import Any

import pytest
from case_contents import a_case
from case_pieces import (
    MadePage,
    PieceWords,
    add_piece,
    draft_with_pieces,
    picture,
    publish_with_pieces,
)
from cast import Cast
from flask import Flask
from form_client import MemberClient
from werkzeug.test import TestResponse

from register.cases import acts
from register.cases.case_content import Content
from register.cases.checklist import ATTESTATIONS
from register.db import db
from register.evidence.sealed_files import BLOB_BYTES, SealedFiles
from register.journal import WriteTransaction
from register.key_store import KeyStore
from register.web import file_response
from register.web.request_context import sealed_files

pytestmark = pytest.mark.one_database

Pen = Callable[..., AbstractContextManager[WriteTransaction]]

LETTER = PieceWords("image", [picture("Lettre", 60, 80)], ["Une lettre à en-tête."], "Lettre.")
VIDEO = MadePage(bytes(range(256)) * (24 * 1024), "video/mp4", 640, 360, 93)  # 6 MiB
SESSION = PieceWords("video", [VIDEO], caption="La séance.", transcript="Une voix : « Coupez. »")
LEAVES = PieceWords("pdf", [picture("p1"), picture("p2"), picture("p3")], transcript="Acte.")
MAIL = PieceWords("text", [MadePage(b"Monsieur,\n<b>retirez</b>", "text/plain")])
WOUND = PieceWords("image", [picture("x")], ["Un bras."], "Le bras.", "une blessure")


@dataclass
class Published:
    """A public case with pieces, and the digests of their copies."""

    id: int
    number: int
    content: Content

    @property
    def digests(self) -> list[str]:
        return [page.copy for piece in self.content.pieces for page in piece.pages]

    @property
    def addresses(self) -> list[str]:
        return [f"/incidents/{self.number}/pieces/{digest}" for digest in self.digests]


@pytest.fixture
def files(app: Flask) -> SealedFiles:
    opened = sealed_files()
    # The read transaction in which the key store was found would hide what is written later.
    db.session.rollback()
    return opened


@pytest.fixture
def publish(pen: Pen, store: KeyStore, files: SealedFiles, cast: Cast) -> Callable[..., Published]:
    def make(*pieces: PieceWords, **changes: Any) -> Published:
        members = {"by": cast.bruno, "second": cast.chloe}
        with pen() as tx:
            made = publish_with_pieces(tx, store, files, a_case(**changes), pieces, **members)
        return Published(*made)

    return make


def get(app: Flask, address: str, method: str = "GET", **headers: str) -> TestResponse:
    """A stranger's request, outside the context that the test holds open."""

    def send() -> TestResponse:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        response = app.test_client().open(address, method=method, headers=fields)
        response.get_data()
        return response

    return Context().run(send)


def test_a_copy_is_served_with_its_type_and_nothing_runs_in_it(
    app: Flask, publish: Callable[..., Published]
) -> None:
    case = publish(LETTER, SESSION, MAIL)
    image, video, text = (get(app, address) for address in case.addresses)
    assert [image.data, video.data] == [LETTER.pages[0].content, VIDEO.content]
    assert [image.content_type, video.content_type, text.content_type] == [
        "image/jpeg",
        "video/mp4",
        "text/plain; charset=utf-8",
    ]
    for response in (image, video, text):
        headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-cache"
        assert headers["X-Robots-Tag"] == "noindex, noimageindex"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "allow-scripts" not in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers
        assert "IMG_4711" not in str(headers)
    assert image.headers["ETag"] == f'"{case.digests[0]}"'
    name = f'inline; filename="cas-{case.number}-piece-1.jpg"'
    assert image.headers["Content-Disposition"] == name


def test_the_same_bytes_are_not_sent_twice(app: Flask, publish: Callable[..., Published]) -> None:
    [address] = publish(LETTER).addresses
    tag = get(app, address).headers["ETag"]
    response = get(app, address, If_None_Match=tag)
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == tag
    assert get(app, address, If_None_Match='"other"').status_code == 200


def test_a_head_request_says_the_length_only(app: Flask, publish: Callable[..., Published]) -> None:
    response = get(app, publish(LETTER).addresses[0], "HEAD")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == str(len(LETTER.pages[0].content))


SIZE = len(VIDEO.content)
MOST = file_response.RANGE_BYTES


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-10", 10, 11),
        (f"bytes={BLOB_BYTES - 3}-{BLOB_BYTES + 3}", BLOB_BYTES - 3, BLOB_BYTES + 4),
        ("bytes=-5", SIZE - 5, SIZE),
        (f"bytes={SIZE - 5}-", SIZE - 5, SIZE),
        (f"bytes={SIZE - 5}-{SIZE * 2}", SIZE - 5, SIZE),
        ("bytes=0-", 0, MOST),
        (f"bytes=7-{SIZE - 1}", 7, 7 + MOST),
        (f"bytes=-{SIZE * 2}", 0, MOST),
    ],
)
def test_a_range_is_answered_in_bounded_parts(
    app: Flask, publish: Callable[..., Published], header: str, start: int, end: int
) -> None:
    response = get(app, publish(SESSION).addresses[0], Range=header)
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(end - start)
    assert response.data == VIDEO.content[start:end]


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", f"bytes={SIZE * 3}-{SIZE * 4}"])
def test_a_range_beyond_the_file_is_refused_with_its_size(
    app: Flask, publish: Callable[..., Published], header: str
) -> None:
    response = get(app, publish(SESSION).addresses[0], Range=header)
    assert (response.status_code, response.data) == (416, b"")
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes=5-1", "x"])
def test_what_is_no_single_range_gets_the_whole_file(
    app: Flask, publish: Callable[..., Published], header: str
) -> None:
    response = get(app, publish(LETTER).addresses[0], Range=header)
    assert (response.status_code, response.data) == (200, LETTER.pages[0].content)


@pytest.mark.parametrize(("is_same", "status"), [(True, 206), (False, 200)])
def test_a_range_of_another_file_is_not_put_to_the_first_part(
    app: Flask, publish: Callable[..., Published], is_same: bool, status: int
) -> None:
    case = publish(LETTER)
    tag = f'"{case.digests[0]}"' if is_same else '"other"'
    response = get(app, case.addresses[0], Range="bytes=0-9", If_Range=tag)
    assert response.status_code == status


def test_too_many_readers_of_files_leave_threads_for_pages(
    app: Flask, publish: Callable[..., Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    from register.concurrency_limit import Bulkhead

    address = publish(LETTER).addresses[0]
    monkeypatch.setattr(file_response, "_sending", Bulkhead(1, 0, 0.01))
    with file_response._sending.turn():
        assert get(app, address).status_code == 503
    for _time in range(3):
        assert get(app, address).status_code == 200, "each answer gives its turn back"


def test_a_missing_blob_is_an_error_page_and_not_half_a_file(
    app: Flask, publish: Callable[..., Published], files: SealedFiles
) -> None:
    address = publish(LETTER).addresses[0]
    for name in [*files.store.settled(), *(name for name, _day in files.store.pending())]:
        files.store.delete(name)
    response = get(app, address)
    assert response.status_code == 503
    assert "manque dans le registre" in response.text


# --- who may have it ---------------------------------------------------------------------------


def test_a_draft_s_copies_are_served_to_members_only(
    app: Flask,
    pen: Pen,
    store: KeyStore,
    files: SealedFiles,
    cast: Cast,
    publish: Callable[..., Published],
    signed: Callable[[str], MemberClient],
) -> None:
    public = publish(LETTER)
    with pen() as tx:
        case_id, content = draft_with_pieces(tx, store, files, a_case(), [WOUND], by=cast.bruno)
        add_piece(tx, store, files, public.id, "image", [picture("autre")], looked_by=cast.bruno)
    digest = content.pieces[0].pages[0].copy
    assert get(app, f"/incidents/{public.number}/pieces/{digest}").status_code == 404
    assert get(app, f"/incidents/{public.number + 1}/pieces/{digest}").status_code == 404
    address = f"/moderation/dossiers/{case_id}/pieces/{digest}"
    assert get(app, address).status_code == 303
    assert signed("driss").get(address).status_code in (303, 403)
    response = signed("bruno").get(address)
    assert (response.status_code, response.data) == (200, WOUND.pages[0].content)
    assert response.headers["Cache-Control"] == "no-store"
    other = f"/moderation/dossiers/{public.id}/pieces/{digest}"
    assert signed("bruno").get(other).status_code == 404


@pytest.mark.parametrize(
    ("end", "status"),
    [("corrected", 404), ("redacted", 404), ("withdrawn", 410), ("erased", 410), ("merged", 410)],
)
def test_a_file_leaves_with_the_text_that_names_it(
    app: Flask, pen: Pen, cast: Cast, publish: Callable[..., Published], end: str, status: int
) -> None:
    case, other = publish(LETTER), publish(SESSION)
    address = case.addresses[0]
    assert get(app, address).status_code == 200
    options = {"by": cast.bruno, "reason": "motif"}
    bare = replace(case.content, pieces=())
    with pen() as tx:
        if end == "corrected":
            acts.correct(tx, case.id, bare, public_note="Pièce.", attested=ATTESTATIONS, **options)
        elif end == "redacted":
            note = {"public_note": "Un passage a été retiré.", "passages": ["Une lettre à en-tête"]}
            acts.redact(tx, case.id, bare, attested=ATTESTATIONS, **note, **options)
        elif end == "withdrawn":
            acts.withdraw(tx, case.id, restriction="erreur", **options)
        elif end == "erased":
            acts.erase(tx, case.id, by=cast.ada, restriction="erreur", single=True)
        else:
            acts.merge(tx, case.id, into=other.number, second=cast.chloe, **options)
    for headers in ({}, {"If_None_Match": f'"{case.digests[0]}"'}, {"Range": "bytes=0-1"}):
        assert get(app, address, **headers).status_code == status
    assert get(app, other.addresses[0]).status_code == 200


def test_an_address_that_is_no_digest_is_not_looked_up(
    app: Flask, publish: Callable[..., Published]
) -> None:
    case = publish(LETTER)
    for name in ("x", "0" * 64, case.digests[0].upper(), case.digests[0][:-1], "%2e%2e"):
        assert get(app, f"/incidents/{case.number}/pieces/{name}").status_code == 404
    assert get(app, f"/incidents/0{case.number}/pieces/{case.digests[0]}").status_code == 404
    assert get(app, f"{case.addresses[0]}?x=1").status_code == 400


def test_an_english_address_leads_to_the_one_of_the_file(
    app: Flask, publish: Callable[..., Published]
) -> None:
    case = publish(LETTER)
    response = get(app, f"/en{case.addresses[0]}")
    assert response.headers["Location"] == case.addresses[0]
    page = get(app, f"/en/incidents/{case.number}").text
    assert f'src="{case.addresses[0]}"' in page
    assert f'href="{case.addresses[0]}"' in page


# --- the page ----------------------------------------------------------------------------------


def test_the_page_shows_each_kind_of_piece(app: Flask, publish: Callable[..., Published]) -> None:
    case = publish(LETTER, SESSION, LEAVES, MAIL, WOUND)
    page = get(app, f"/incidents/{case.number}").text
    assert 'alt="Une lettre à en-tête. Voir en grand."' in page
    assert 'width="60" height="80" loading="lazy"' in page
    assert '<video controls preload="none"' in page
    assert "Une voix" in page
    assert "Les 2 autres pages" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "&lt;b&gt;retirez" in page
    assert page.count("Original gardé sous scellé") == 5
    for digest in (*case.digests, *(piece.original for piece in case.content.pieces)):
        assert f"<code>{digest}</code>" in page
    warned = re.search(r'<details class="warned">.*?</details>', page, re.DOTALL)
    assert warned
    assert case.addresses[-1] in warned[0]
    assert " open" not in warned[0]
    # Nothing of the files is fetched before a reader wants it, apart from pictures in sight.
    images = re.findall(r"<img[^>]*/pieces/[^>]*>", page)
    assert len(images) == 5
    assert all('loading="lazy"' in image for image in images)


def test_a_former_version_does_not_bring_a_file_back(
    app: Flask, pen: Pen, cast: Cast, publish: Callable[..., Published]
) -> None:
    case = publish(LETTER)
    version = re.search(r"version=([0-9]+)", get(app, f"/incidents/{case.number}").text)
    assert version
    with pen() as tx:
        acts.correct(
            tx,
            case.id,
            replace(case.content, pieces=()),
            by=cast.bruno,
            reason="motif",
            public_note="La lettre est retirée.",
            attested=ATTESTATIONS,
        )
    page = get(app, f"/incidents/{case.number}?version={version[1]}").text
    assert "Lettre." in page
    assert "plus montrée" in page
    assert "/pieces/" not in page
    assert "piece-1" not in get(app, f"/incidents/{case.number}").text


def test_a_text_that_cannot_be_read_leaves_the_page_and_its_address(
    app: Flask, publish: Callable[..., Published], files: SealedFiles
) -> None:
    case = publish(MAIL)
    for name in [*files.store.settled(), *(name for name, _day in files.store.pending())]:
        files.store.delete(name)
    page = get(app, f"/incidents/{case.number}")
    assert page.status_code == 200
    assert case.addresses[0] in page.text


def test_pages_may_show_pictures_and_media_of_the_register_only(app: Flask) -> None:
    policy = get(app, "/").headers["Content-Security-Policy"]
    assert "img-src 'self';" in policy
    assert "media-src 'self';" in policy
