"""Every text of the sample cases' pages, cards, feeds and JSON-LD comes from somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tools.docs.furnished import demonstration
from tools.text_sources import TextNode, case_sources, origin_of, report

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def sample_site() -> Iterator[Flask]:
    with demonstration() as app:
        yield app


def test_each_text_has_a_field_a_label_or_a_fact_of_the_register(sample_site: Flask) -> None:
    lines = report(sample_site)
    assert len(lines) > 5_000
    assert [line for line in lines if line.startswith("?")] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Le maire confisque du matériel.",
        # A word of a vocabulary that no field of the case holds.
        "Condamnation de l’auteur de l’acte",
        "Le blogueur a perdu deux procès.",
    ],
)
def test_a_sentence_that_no_field_holds_has_no_source(sample_site: Flask, sentence: str) -> None:
    with sample_site.test_request_context():
        sources = case_sources(5)
        assert origin_of(TextNode("page", "p", sentence), sources) is None
