"""Tables that a spreadsheet opens: cells are shown and never run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import register
from register.exchange import csv_syntax

ROOT = Path(register.__file__).parent


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(first):
    assert csv_syntax.escape_cell(first + "1") == "'" + first + "1"


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("a;=1", "a;'=1"),
        ("a ; @x", "a ; '@x"),
        ("a\t+1;-2", "a\t'+1;'-2"),
        ('a;"=1', "a;\"'=1"),
        ("a;\t=1", "a;\t'=1"),
        ("a\n=1", "a\n'=1"),
        (" =1", " '=1"),
        ("a;＝1", "a;'＝1"),
    ],
)
def test_a_formula_sign_after_a_semicolon_a_tab_or_a_line_break_gets_one_too(cell, guarded):
    assert csv_syntax.escape_cell(cell) == guarded
    assert csv_syntax.escape_cell(guarded) == guarded


def _is_formula(cell: str) -> bool:
    return cell.lstrip(' "').startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@settings(max_examples=60)
@given(
    st.lists(
        st.lists(st.text(alphabet="=+-@;,\t\r\n\"' a＝", max_size=8), min_size=2, max_size=3),
        max_size=3,
    )
)
def test_no_cell_is_a_formula_at_whatever_sign_a_reader_splits(delimiter, rows):
    data = b"".join(csv_syntax.encode_table(["un", "deux"], rows)).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(data, newline=""), delimiter=delimiter):
        assert not any(map(_is_formula, row)), row
    # A reader that knows no quotes; at commas, of which texts are full, it could split anything.
    for line in data.splitlines() if delimiter != "," else ():
        assert not any(map(_is_formula, line.split(delimiter))), line


def test_every_table_of_the_site_is_written_here():
    written = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if "csv.writer(" in path.read_text("utf-8") or "DictWriter" in path.read_text("utf-8")
    }
    assert written == {"exchange/csv_syntax.py"}


@pytest.mark.parametrize("cell", ["", "a=1", "a;b", "a; b=1", "1-2", "’", "'", "«\u202f=\u202f»"])
def test_any_other_cell_is_left_as_it_is(cell):
    assert csv_syntax.escape_cell(cell) == cell


def test_nothing_and_numbers_are_texts():
    assert (csv_syntax.escape_cell(None), csv_syntax.escape_cell(12)) == ("", "12")
    # A negative number is a formula to whoever opens it by hand as well.
    assert csv_syntax.escape_cell(-1) == "'-1"


def test_whatever_the_import_refuses_is_guarded():
    for first in csv_syntax._FORMULA:
        assert csv_syntax.escape_cell(first).startswith(csv_syntax.ESCAPE_MARK)


HARD = ['"', ",", ";", "a\r\nb", "a\nb", '","=1+1', "é\u2028", "😀", "x" * 40_000]


def test_cells_come_back_as_they_were():
    data = b"".join(csv_syntax.encode_table(["un", "deux"], ([cell, "z"] for cell in HARD)))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["un", "deux"], *([cell, "z"] for cell in HARD)]


def test_text_that_cannot_be_encoded_does_not_truncate_the_file():
    data = b"".join(csv_syntax.encode_table(["un"], [["a\ud800b"], ["fin"]]))
    assert data.endswith(b'"a?b"\r\n"fin"\r\n')


def test_rows_are_written_as_they_come():
    def rows():
        yield ["première"]
        raise RuntimeError("the database went away")

    written = csv_syntax.encode_table(["un"], rows())
    assert b"un" in next(written)
    assert "première".encode() in next(written)
    with pytest.raises(RuntimeError):
        next(written)
