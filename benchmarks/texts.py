"""Accounts for the copied cases, so that a search has real work: texts that follow no template.

Their words are made of syllables and mean nothing. How often each comes is what counts, and is as
in a language: some in half of all texts, some hundreds in a tenth, a long tail, and some in one
text of a thousand. The same number always gives the same account.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate, product

# How many words of each kind, and the part of all texts that a word of the kind is in.
COMMON, MIDDLE, RARE, TAIL = 40, 300, 400, 30_000
IN_HALF, IN_A_TENTH, IN_A_THOUSANDTH = 0.45, 0.1, 0.001
# Words of the tail in a text: with the others, some 220.
TAIL_PER_TEXT = 150
SENTENCE, PARAGRAPH = 13, 5  # words, sentences


def _syllable_words() -> Iterator[str]:
    # None ends as a French word with a suffix does: no two have the same stem.
    syllables = ["".join(pair) for pair in product("bcdfglmnprtv", "aiou")]
    for parts in product(syllables, syllables, syllables):
        yield "".join(parts) + "d"


def _words() -> list[str]:
    words = list(_syllable_words())
    random.Random(1881).shuffle(words)
    return words[: COMMON + MIDDLE + RARE + TAIL]


_WORDS = _words()
common = _WORDS[:COMMON]
middle = _WORDS[COMMON : COMMON + MIDDLE]
rare = _WORDS[COMMON + MIDDLE : COMMON + MIDDLE + RARE]
_tail = _WORDS[COMMON + MIDDLE + RARE :]
_weights = list(accumulate(1 / rank for rank in range(10, TAIL + 10)))
# Two common words that follow one another in a tenth of all texts, and stand apart in many more.
phrases = [f"{first} {second}" for first, second in zip(common[::2], common[1::2], strict=True)]


def account(number: int) -> list[str]:
    """The account of one case, by paragraphs."""
    chance = random.Random(number)
    account_words = _sample_words(common, IN_HALF, chance) + _sample_words(
        middle, IN_A_TENTH, chance
    )
    account_words += _sample_words(rare, IN_A_THOUSANDTH, chance)
    account_words += chance.choices(_tail, cum_weights=_weights, k=TAIL_PER_TEXT)
    chance.shuffle(account_words)
    account_words += _sample_words(phrases, IN_A_TENTH, chance)
    sentences = [
        " ".join(account_words[start : start + SENTENCE]).capitalize() + "."
        for start in range(0, len(account_words), SENTENCE)
    ]
    return [
        " ".join(sentences[start : start + PARAGRAPH])
        for start in range(0, len(sentences), PARAGRAPH)
    ]


def _sample_words(words: Sequence[str], share: float, chance: random.Random) -> list[str]:
    return [word for word in words if chance.random() < share]
