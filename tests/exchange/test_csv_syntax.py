"""Tables for spreadsheets: no cell is read as a formula."""

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
    ("cell", "escaped"),
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
def test_a_formula_sign_after_a_semicolon_a_tab_or_a_line_break_gets_one_too(cell, escaped):
    assert csv_syntax.escape_cell(cell) == escaped
    assert csv_syntax.escape_cell(escaped) == escaped


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
    # A reader without quotes; commas are excluded, since texts contain them.
    for line in data.splitlines() if delimiter != "," else ():
        assert not any(map(_is_formula, line.split(delimiter))), line


def test_every_table_of_the_site_is_written_by_one_module():
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if "csv.writer(" in path.read_text("utf-8") or "DictWriter" in path.read_text("utf-8")
    }
    assert modules == {"exchange/csv_syntax.py"}


@pytest.mark.parametrize("cell", ["", "a=1", "a;b", "a; b=1", "1-2", "’", "'", "«\u202f=\u202f»"])
def test_any_other_cell_is_left_as_it_is(cell):
    assert csv_syntax.escape_cell(cell) == cell


def test_none_and_numbers_become_texts():
    assert (csv_syntax.escape_cell(None), csv_syntax.escape_cell(12)) == ("", "12")
    # A negative number begins like a formula.
    assert csv_syntax.escape_cell(-1) == "'-1"


def test_every_formula_sign_that_the_import_refuses_is_escaped():
    for first in csv_syntax._FORMULA:
        assert csv_syntax.escape_cell(first).startswith(csv_syntax.ESCAPE_MARK)


DIFFICULT_CELLS = ['"', ",", ";", "a\r\nb", "a\nb", '","=1+1', "é\u2028", "😀", "x" * 40_000]


def test_cells_survive_writing_and_reading():
    data = b"".join(
        csv_syntax.encode_table(["un", "deux"], ([cell, "z"] for cell in DIFFICULT_CELLS))
    )
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["un", "deux"], *([cell, "z"] for cell in DIFFICULT_CELLS)]


def test_text_that_cannot_be_encoded_does_not_truncate_the_file():
    data = b"".join(csv_syntax.encode_table(["un"], [["a\ud800b"], ["fin"]]))
    assert data.endswith(b'"a?b"\r\n"fin"\r\n')


def test_rows_are_written_one_at_a_time():
    def rows():
        yield ["première"]
        raise RuntimeError("the database went away")

    chunks = csv_syntax.encode_table(["un"], rows())
    assert b"un" in next(chunks)
    assert "première".encode() in next(chunks)
    with pytest.raises(RuntimeError):
        next(chunks)
