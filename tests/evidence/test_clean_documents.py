"""Copies of PDF documents: each page a picture, nothing else of the document."""

from __future__ import annotations

from io import BytesIO

import pytest
from evidence_samples import MARKER, copied, decoded, pdf, pdf_of

from register.errors import CopyError
from register.evidence.clean_copy import documents
from register.evidence.clean_copy.edits import Crop, Edits, Mask, MaskStyle, PageArea
from register.evidence.clean_copy.limits import CopyLimits

RED, BLUE = "1 0 0 rg 0 0 200 100 re f", "0 0 1 rg 0 0 200 100 re f"
WORDS = f"BT /F1 24 Tf 10 40 Td ({MARKER}) Tj ET"


def copy_of(content: bytes, edits: Edits | None = None, limits: CopyLimits | None = None):
    return list(documents.copy_document(BytesIO(content), edits or Edits(), limits or CopyLimits()))


def test_each_page_becomes_a_picture() -> None:
    content = pdf(RED, BLUE, WORDS, trailer=f"/Info << /Title ({MARKER}) >>")
    pages = copied(content)
    assert [(page.index, page.mime, page.width, page.height) for page, _ in pages] == [
        (i, "image/png", 1600, 800) for i in range(3)
    ]
    colours = [decoded(copy).getpixel((800, 400)) for _, copy in pages[:2]]
    assert colours == [(255, 0, 0), (0, 0, 255)]
    assert decoded(pages[2][1]).convert("L").getextrema()[0] < 50  # the words were drawn
    assert all(MARKER.encode() not in copy for _, copy in pages)


def test_pages_keep_their_number_when_others_are_dropped() -> None:
    edits = Edits(
        dropped_pages=(0,),
        masks=(Mask(PageArea(0, 0, 0.5, 1), MaskStyle.BLACK, page=1),),
        crops=(Crop(PageArea(0, 0, 1, 0.5), page=2),),
    )
    first, second = copy_of(pdf(RED, BLUE, RED), edits)
    assert (first.index, second.index) == (1, 2)
    picture = decoded(first.content.getvalue())
    assert picture.getpixel((100, 400)) == (0, 0, 0)
    assert picture.getpixel((1500, 400)) == (0, 0, 255)
    assert (second.width, second.height) == (1600, 400)


def test_pages_are_bounded_in_number_and_size() -> None:
    with pytest.raises(CopyError) as refused:
        copy_of(pdf(*[RED] * 4), Edits(dropped_pages=(3,)), CopyLimits(pages=2))
    assert (refused.value.key, refused.value.values) == ("copy_pages", {"count": 3, "limit": 2})
    assert len(copy_of(pdf(*[RED] * 3), Edits(dropped_pages=(0,)), CopyLimits(pages=2))) == 2
    tall = pdf(RED).replace(b"[0 0 200 100]", b"[0 0 1 14000]")
    (page,) = copy_of(tall)
    assert page.height <= 6401


def test_a_document_without_a_page_left_is_no_copy() -> None:
    with pytest.raises(CopyError, match="copy_nothing_left"):
        copy_of(pdf(RED), Edits(dropped_pages=(0,)))


def test_words_under_a_drawn_bar_are_not_in_the_copy() -> None:
    """What people do to hide a name in a PDF: here, the picture is all there is."""
    hidden = copy_of(pdf(f"{WORDS} 0 0 0 rg 0 0 200 100 re f"))
    assert decoded(hidden[0].content.getvalue()).getcolors() == [(1600 * 800, (0, 0, 0))]


def test_what_is_filled_into_a_form_is_drawn() -> None:
    content = pdf(
        "",
        objects=(
            "<< /Fields [11 0 R] >>",
            "<< /Type /Annot /Subtype /Widget /FT /Tx /T (nom) /V (x) /F 4 /Rect [0 0 200 100]"
            " /AP << /N 12 0 R >> >>",
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 200 100] /Length {len(RED)} >>\n"
            f"stream\n{RED}\nendstream",
        ),
        catalog="/AcroForm 10 0 R",
    ).replace(b"/Contents 101", b"/Annots [11 0 R] /Contents 101")
    (page,) = copy_of(content)
    assert decoded(page.content.getvalue()).getpixel((800, 400)) == (255, 0, 0)


def test_a_document_without_pages_is_broken() -> None:
    empty = pdf_of(
        {1: "<< /Type /Catalog /Pages 2 0 R >>", 2: "<< /Type /Pages /Kids [] /Count 0 >>"}
    )
    with pytest.raises(CopyError, match="copy_broken"):
        copy_of(empty)


@pytest.mark.parametrize("box", [b"[0 0 0 0]", b"[0 0 nan 1]", b"[0 0 1e38 1e38]"])
def test_odd_sizes_of_pages_are_bounded(box: bytes) -> None:
    (page,) = copy_of(pdf(RED).replace(b"[0 0 200 100]", box))
    assert page.width <= 1601
    assert page.height <= 6401


def test_a_document_that_does_not_open_says_why() -> None:
    for content, key in ((b"%PDF-1.7 nothing", "copy_broken"), (ENCRYPTED_PDF, "copy_encrypted")):
        with pytest.raises(CopyError, match=key):
            copy_of(content)


ENCRYPTED_PDF = pdf(
    RED,
    trailer="/ID [<00><00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 "
    f"/O <{'41' * 32}> /U <{'42' * 32}> >>",
)
