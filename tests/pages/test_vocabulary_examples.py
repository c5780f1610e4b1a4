"""Each level of evidence and each outcome has an example in the form of its page."""

from __future__ import annotations

import re
import tomllib

import pytest

from register.cases.vocabulary import VOCABULARY_FILE as VOCABULARY
from register.pages.content import EXAMPLES_FILE, examples

VOCABULARY_ROWS = tomllib.loads(VOCABULARY.read_text("utf-8"))
EXAMPLE_LISTS = ("preuve", "issue")
EXAMPLES = tomllib.loads(EXAMPLES_FILE.read_text("utf-8"))


@pytest.mark.parametrize("name", EXAMPLE_LISTS)
def test_no_example_is_missing_and_none_is_left_over(name):
    assert list(examples(name, "fr")) == [
        row["code"] for row in VOCABULARY_ROWS[name] if "retired_at" not in row
    ]


@pytest.mark.parametrize("name", EXAMPLE_LISTS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_example_can_follow_a_colon(name, language):
    for row in EXAMPLES[name]:
        example = row[language]
        assert example == example.strip()
        assert example[-1] not in ".;:,", row["code"]
        # "le procureur", "un juge", "la CADA", "l’agent"; a court's own name keeps its capital.
        assert example[0].islower(), row["code"]
        assert not re.search("'| [;?!]", example), row["code"]
