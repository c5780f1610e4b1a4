"""Every sentence that a reader sees goes through the catalogue.

A second language must never mean a second pass over the templates. English has words for all of
them, and for none besides; what the site reads was made of them.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from babel.messages.catalog import Message

from tools import catalogue

TOP = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((TOP / "templates").rglob("*.html"))

# The name of the register is the same in every language.
NAMES = re.compile(r"\b(?:Web|Citoyen)\b")

_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_TRANS = re.compile(r"{%-? *trans\b.*?endtrans *-?%}", re.DOTALL)
# Blocks that hold an address or a token: nobody reads them.
_UNREAD = re.compile(
    r"{% block (?:address|section|current|sheet|kind) %}.*?{% endblock %}", re.DOTALL
)
_JINJA = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
# What is typed for a computer is the same in every language.
_CODE = re.compile(r"<code>.*?</code>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_SPOKEN = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')
_LETTER = re.compile(r"[^\W\d_]")

_CALL = re.compile(r'\b(?:_|n?gettext)\(\s*(?:"[^"]*"\s*,?\s*)+')
_LITERAL = re.compile(r'"([^"]*)"')
# What makes a literal a sentence rather than a code: a space between words, or a French letter.
_SENTENCE = re.compile(r"[^\W\d_]\s+[^\W\d_]|[À-ÿœ’]")


def _bare(source: str) -> str:
    """A template without comments, addresses and what the catalogue translates as a block."""
    return _UNREAD.sub("", _TRANS.sub("", _COMMENT.sub("", source)))


BARE_SOURCES = {path: _bare(path.read_text("utf-8")) for path in TEMPLATES}


def test_no_letter_stands_outside_the_catalogue() -> None:
    outside: list[tuple[Path, list[str]]] = []
    for template, source in BARE_SOURCES.items():
        # Expressions go first: one may stand inside a tag and hold a ">".
        markup = _CODE.sub(" ", _JINJA.sub("", source))
        text = NAMES.sub("", _TAG.sub(" ", markup)).replace("&nbsp;", " ")
        found = [text, *_SPOKEN.findall(markup)]
        outside += [(template, words.split()) for words in found if _LETTER.search(words)]
    assert outside == []


def test_no_sentence_hides_in_an_expression() -> None:
    assert [
        (template, literal)
        for template, source in BARE_SOURCES.items()
        for expression in _JINJA.findall(source)
        for literal in _LITERAL.findall(_CALL.sub("", expression))
        if _SENTENCE.search(literal)
    ] == []


def test_french_marks_have_their_spaces() -> None:
    """A line must not begin with a colon, nor a guillemet stand alone (U+00A0, U+202F)."""
    assert [
        (template, sentence)
        for template, source in BARE_SOURCES.items()
        for sentence in re.findall(r'\b_\("([^"]*)"', source) + _TRANS.findall(source)
        if re.search(r"\w [:;?!»]|« |n[º°] [\d%]", sentence) or "'" in sentence
    ] == []


# --- English -----------------------------------------------------------------------------------

ENGLISH = [message for message in catalogue.load_translation() if message.id]

# The placeholders of a sentence, and its tags.
_MARKUP = re.compile(r"%\(\w+\)[sd]|</?[a-z][^>]*>")
# French spaces and quotation marks, and the apostrophe of a typewriter.
_NOT_ENGLISH = re.compile(r"[\u202f«»]|\u00a0[:;?!]|(?<=[a-z])'")


def test_english_has_words_for_every_sentence_and_no_other() -> None:
    source_ids = {message.id for message in catalogue.source_catalog() if message.id}
    assert len(source_ids) > 2_000
    english_ids = {message.id for message in ENGLISH}
    assert source_ids - english_ids == set(), "run python -m tools.catalogue"
    assert english_ids - source_ids == set(), "run python -m tools.catalogue"
    assert catalogue.untranslated(catalogue.load_translation()) == []
    assert not any(message.fuzzy for message in ENGLISH)


def test_compiled_messages_equal_the_catalogue() -> None:
    compiled = catalogue.compile_catalog(catalogue.load_translation())
    # Only whether: pytest would look for the difference for minutes.
    is_current = catalogue.COMPILED.read_bytes() == compiled
    assert is_current, "run python -m tools.catalogue"


def _pairs(message: Message) -> list[tuple[str, str]]:
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def test_an_english_sentence_holds_what_the_french_one_does() -> None:
    for message in ENGLISH:
        for french, english in _pairs(message):
            assert Counter(_MARKUP.findall(english)) == Counter(_MARKUP.findall(french)), english
            assert not _NOT_ENGLISH.search(english), english
