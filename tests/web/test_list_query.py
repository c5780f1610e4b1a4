"""Query of a list in its address."""

from __future__ import annotations

import pytest
from flask import Flask

from register.errors import Invalid, NotFound
from register.web import list_query
from register.web.list_query import FilterChip

pytestmark = pytest.mark.one_database

FORM = frozenset({"etat", "page"})
STATES = {"publie": 1, "retire": 2}


def test_last_value_of_a_parameter_counts() -> None:
    args = {"etat": ["publie", " retire\n"], "page": []}
    assert list_query.last_value(args, "etat") == "retire"
    assert list_query.last_value(args, "page") == ""
    assert list_query.last_value(args, "tenu") == ""


def test_choice_is_one_of_the_list_or_none() -> None:
    assert list_query.choice_value({"etat": ["retire"]}, "etat", STATES) == 2
    assert list_query.choice_value({"etat": [" "]}, "etat", STATES) is None
    with pytest.raises(Invalid) as refused:
        list_query.choice_value({"etat": ["x" * 500]}, "etat", STATES)
    assert refused.value.values == {"name": "etat", "value": "x" * 120}


def test_address_without_parameters_has_no_question_mark() -> None:
    assert list_query.list_address("/liste", []) == "/liste"
    assert list_query.list_address("/liste", iter([("q", "été"), ("q", "b")])) == (
        "/liste?q=%C3%A9t%C3%A9&q=b"
    )


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/liste?etat=&q=mot", "/liste?q=mot"),
        ("/liste?etat=publie&etat=%20", "/liste?q=mot"),
        ("/liste?q=", None),
        ("/liste?etat=publie", None),
        ("/liste", None),
    ],
)
def test_empty_fields_of_the_form_leave_the_address(
    app: Flask, address: str, location: str | None
) -> None:
    with app.test_request_context(address):
        redirection = list_query.canonical_redirect(FORM, "/liste?q=mot")
    assert (redirection.location if redirection else None) == location
    assert redirection is None or redirection.status_code == 303


def test_chip_leads_to_the_list_without_its_filter() -> None:
    chips = list_query.filter_chips([("Retirés", 1), ("Publiés", 2)], "/liste/{}".format)
    assert chips == [FilterChip("Retirés", "/liste/1"), FilterChip("Publiés", "/liste/2")]


def test_page_after_the_last_one_is_missing() -> None:
    list_query.require_page(3, 3)
    with pytest.raises(NotFound):
        list_query.require_page(4, 3)
