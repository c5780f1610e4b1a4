"""A register with every hostile string in every text that members write.

The cases in full hold them by the dozen, in their lists; each string is also the title, the
summary and the account of a case of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from cast import AT, CaseRef
from hostile_strings import HostileString
from sqlalchemy import Engine

from register.accounts import acts as accounts
from register.accounts.models import Role
from register.cases import acts, deadlines
from register.cases.acts.public_changes import TITLE_LIMIT
from register.cases.case_content import (
    Content,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.checklist import ATTESTATIONS
from register.errors import TextError
from register.journal import WriteTransaction, writing
from register.text.markup import render_markdown
from register.text.normalisation import clean, one_line

PASSWORD = "une-phrase-de-passe"
SUMMARY_LIMIT = 300
TOGETHER = 10  # strings of a case in full
WORD = "zinzolin"  # in every account, so that one search finds them all


@dataclass(frozen=True)
class HostileRegister:
    """What was filed: cases in full, cases of one string, one draft; and the members' ids."""

    full: Sequence[CaseRef]
    single: Sequence[CaseRef]
    draft: CaseRef
    by: int
    second: int


def fill_register(
    engine: Engine, strings: Sequence[HostileString], every: int = 1
) -> HostileRegister:
    """Write the strings through the acts, as two members would.

    :param every: of how many strings one goes into the cases in full, which take their time.
    """
    most = strings[::every]
    with writing(engine, AT) as pen:
        by = accounts.add_member(pen, "bruno@register.test", Role.ADMINISTRATOR, PASSWORD).id
        second = accounts.add_member(pen, "chloe@register.test", Role.MODERATOR, PASSWORD).id
    writer = _Writer(by, second)
    with writing(engine, AT) as pen:
        some = [most[at : at + TOGETHER] for at in range(0, len(most), TOGETHER)]
        full = [writer.full(pen, own) for own in some]
        single = [writer.single(pen, attack.text) for attack in strings]
        draft = acts.draft(pen, _whole(strings[:TOGETHER]), by=by, reason="un brouillon").id
    return HostileRegister(full, single, CaseRef(draft), by, second)


def or_placeholder(text: str, limit: int = 2_000) -> str:
    """A text where one is needed: some strings have nothing left once they are cleaned."""
    return text[:limit] if one_line(text[:limit]) else "rien"


@cache
def account(texts: tuple[str, ...]) -> str:
    """Texts as the paragraphs of an account, without those that the renderer refuses."""
    paragraphs = [f"Un {WORD}."]
    for text in texts:
        try:
            render_markdown("\n\n".join([*paragraphs, text]))
        except TextError:
            continue
        paragraphs.append(text)
    return "\n\n".join(paragraphs)


def _source(text: str, place: int) -> SourceContent:
    # The number keeps apart what is the same once cleaned.
    url = f"https://exemple.test/{place}?{clean(text)}"[:2_000]
    return SourceContent(url=url, kind="presse", label=text, title=text, publisher=text)


def _whole(some: Sequence[HostileString]) -> Content:
    texts = [attack.text for attack in some]
    lines = dict.fromkeys(one_line(text[:150]) or "rien" for text in texts)
    first = texts[0]
    suits = [
        ProceedingContent(
            direction="tiers",
            court=text,
            docket=text,
            legal_basis=text,
            amount=text,
            steps=(StepContent("plainte", "2007", note=text, source_url=source.url),),
        )
        for text, source in zip(texts, map(_source, texts, range(99)), strict=False)
    ]
    return Content(
        title=or_placeholder(first),
        summary=or_placeholder(first, SUMMARY_LIMIT),
        narrative=account(tuple(texts)),
        date="2008",
        commune="93032",
        precision_note=first,
        place_label=first,
        level="commune",
        actor="maire",
        actor_text=first,
        target="blogueur",
        outlets=tuple(lines),
        types=("interdiction_filmer",),
        evidence="documente",
        outcome="inconnue",
        steps_taken=first,
        amount=first,
        sources=tuple(map(_source, texts, range(99))),
        proceedings=tuple(suits),
        request=RequestContent(asked=first, asked_of=first, cada_number=first, opinion=first),
    )


@dataclass(frozen=True)
class _Writer:
    by: int
    second: int

    def full(self, pen: WriteTransaction, some: Sequence[HostileString]) -> CaseRef:
        """A public case with everything, each of its texts written by each string."""
        texts = [or_placeholder(attack.text) for attack in some]
        filed = self._published(pen, _whole(some), texts[0])
        for text in texts:
            acts.note(pen, filed.id, text, by=self.by)
            title, body = or_placeholder(text, TITLE_LIMIT), account((text,))
            acts.follow_up(
                pen, filed.id, reason=text, title=title, text=body, by=self.by, second=self.second
            )
            self._reply(pen, filed, text)
        for place, text in enumerate(texts[::4]):
            content = replace(_whole(some), amount=f"{place} {texts[0]}"[:2_000])
            acts.correct(
                pen,
                filed.id,
                content,
                reason=text,
                public_note=text,
                by=self.by,
                second=self.second,
            )
        return filed

    def single(self, pen: WriteTransaction, text: str) -> CaseRef:
        """A public case whose own texts are one string."""
        content = Content(
            title=or_placeholder(text),
            summary=or_placeholder(text, SUMMARY_LIMIT),
            narrative=account((text,)),
            commune="93032",
            level="commune",
            actor="maire",
            target="blogueur",
            types=("interdiction_filmer",),
            evidence="documente",
            outcome="inconnue",
            sources=(_source(text, 0),),
        )
        return self._published(pen, content, text)

    def _published(self, pen: WriteTransaction, content: Content, text: str) -> CaseRef:
        words = or_placeholder(text)
        case = acts.draft(pen, content, by=self.by, reason=words, note=words)
        acts.invite(pen, case.id, words, by=self.by)
        acts.approve(pen, case.id, by=self.second)
        acts.publish(
            pen, case.id, by=self.by, reason=words, attested=ATTESTATIONS, flags_reason=words
        )
        return CaseRef(case.id, case.number)

    def _reply(self, pen: WriteTransaction, filed: CaseRef, text: str) -> None:
        author = or_placeholder(text, 300)
        row = acts.receive_reply(
            pen,
            filed.id,
            by=self.by,
            author=author,
            capacity=author,
            text=text,
            received_on=date(2026, 3, 2),
        )
        if row.id % 4 == 0 or deadlines.text_length(text).is_too_long:
            acts.refuse_reply(pen, row.id, by=self.by, refusal=text)
        elif row.id % 8 != 7:  # the others wait
            acts.reply(pen, row.id, reason=text, by=self.by, second=self.second)
