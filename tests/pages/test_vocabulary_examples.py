"""Each level of evidence and each outcome has its example, made up and well written."""

from __future__ import annotations

import re
import tomllib

import pytest

from register.cases.vocabulary import VOCABULARY_FILE as VOCABULARY
from register.pages.content import EXAMPLE_LISTS, EXAMPLES_FILE, examples

BOOK = tomllib.loads(VOCABULARY.read_text("utf-8"))
WRITTEN = tomllib.loads(EXAMPLES_FILE.read_text("utf-8"))


@pytest.mark.parametrize("name", EXAMPLE_LISTS)
def test_no_example_is_missing_and_none_is_left_over(name):
    assert list(examples(name)) == [row["code"] for row in BOOK[name] if "retired_at" not in row]


@pytest.mark.parametrize("name", EXAMPLE_LISTS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_example_goes_on_after_a_colon(name, language):
    for row in WRITTEN[name]:
        told = row[language]
        assert told == told.strip()
        assert told[-1] not in ".;:,", row["code"]
        # "le procureur", "un juge", "la CADA", "l’agent"; a court's own name keeps its capital.
        assert told[0].islower(), row["code"]
        assert not re.search("'| [;?!]", told), row["code"]
