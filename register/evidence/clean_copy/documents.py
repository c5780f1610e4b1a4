"""Clean copies of PDF documents: every page rendered as a picture by PDFium."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

import pypdfium2
from pypdfium2 import raw

from register.errors import CopyError
from register.evidence.clean_copy.edits import Edits
from register.evidence.clean_copy.images import encode_page
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.clean_copy.protocol import MadePage

# A page of a till's roll: longer ones are narrowed.
_TALLEST = 4


def copy_document(source: BinaryIO, edits: Edits, limits: CopyLimits) -> Iterator[MadePage]:
    """Every page that is not dropped, in order; each has the index that it has in the source."""
    with closing(_open(source)) as document:
        kept_pages = [i for i in range(len(document)) if i not in set(edits.dropped_pages)]
        if not kept_pages:
            raise CopyError("copy_nothing_left")
        if len(kept_pages) > limits.pages:
            raise CopyError("copy_pages", count=len(kept_pages), limit=limits.pages)
        # What is filled into a form is drawn; this build of PDFium runs no script.
        document.init_forms()
        for index in kept_pages:
            with closing(document[index]) as page:
                picture = page.render(scale=_scale(page, limits)).to_pil().convert("RGB")
            yield encode_page(picture, index, edits)


def _open(source: BinaryIO) -> pypdfium2.PdfDocument:
    """:raises CopyError: ``copy_encrypted``; ``copy_broken``."""
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise CopyError("copy_encrypted") from error
        raise CopyError("copy_broken") from error
    if not len(document):
        raise CopyError("copy_broken")
    return document


def _scale(page: pypdfium2.PdfPage, limits: CopyLimits) -> float:
    """Pixels of a page's picture by point of the page."""
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise CopyError("copy_broken")
    scale: float = min(limits.page_width / width, _TALLEST * limits.page_width / height)
    return scale
