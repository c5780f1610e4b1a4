"""Tables that a spreadsheet opens: cells are shown and never run."""

from __future__ import annotations

import csv
import io

import pytest

from register.exchange import spreadsheet, table


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(first):
    assert spreadsheet.guarded(first + "1") == "'" + first + "1"


@pytest.mark.parametrize("cell", ["", "a=1", " =1", "1-2", "’", "'", "«\u202f=\u202f»"])
def test_any_other_cell_is_left_as_it_is(cell):
    assert spreadsheet.guarded(cell) == cell


def test_nothing_and_numbers_are_texts():
    assert (spreadsheet.guarded(None), spreadsheet.guarded(12)) == ("", "12")
    # A negative number is a formula to whoever opens it by hand as well.
    assert spreadsheet.guarded(-1) == "'-1"


def test_whatever_the_import_refuses_is_guarded():
    for first in table._FORMULA:
        assert spreadsheet.guarded(first).startswith(spreadsheet.MARK)


HARD = ['"', ",", ";", "a\r\nb", "a\nb", '","=1+1', "é\u2028", "😀", "x" * 40_000]


def test_cells_come_back_as_they_were():
    data = b"".join(spreadsheet.encoded(["un", "deux"], ([cell, "z"] for cell in HARD)))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["un", "deux"], *([cell, "z"] for cell in HARD)]


def test_what_no_encoder_takes_does_not_cut_the_file_short():
    data = b"".join(spreadsheet.encoded(["un"], [["a\ud800b"], ["fin"]]))
    assert data.endswith(b'"a?b"\r\n"fin"\r\n')


def test_rows_are_written_as_they_come():
    def rows():
        yield ["première"]
        raise RuntimeError("the database went away")

    written = spreadsheet.encoded(["un"], rows())
    assert b"un" in next(written)
    assert "première".encode() in next(written)
    with pytest.raises(RuntimeError):
        next(written)
