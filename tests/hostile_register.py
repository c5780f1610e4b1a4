"""A register with every hostile string in every text of members.

Full cases have several strings each, in every field; each string also has a case of its own, as
title, summary and account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import attested_acts as acts
from case_contents import decided
from cast import AT, CaseRef
from hostile_strings import HostileString
from sqlalchemy import Engine

from register.accounts import acts as accounts
from register.accounts.models import Role
from register.cases import deadlines
from register.cases.acts.public_changes import TITLE_LIMIT
from register.cases.case_content import Content, RequestContent, SourceContent, StepContent
from register.cases.checklist import ATTESTATIONS
from register.errors import TextError
from register.journal import WriteTransaction, writing
from register.text.markup import render_markdown
from register.text.normalisation import clean, one_line

PASSWORD = "une-phrase-de-passe"
SUMMARY_LIMIT = 300
TOGETHER = 10  # strings of a case in full
WORD = "zinzolin"  # in every account, for searches


@dataclass(frozen=True)
class HostileRegister:
    """The cases: with every field, with one string, a draft; and the ids of members."""

    full: Sequence[CaseRef]
    single: Sequence[CaseRef]
    draft: CaseRef
    by: int
    second: int


def fill_register(
    engine: Engine, strings: Sequence[HostileString], every: int = 1
) -> HostileRegister:
    """Write the strings through the acts, as two members would.

    :param every: one of so many strings goes into full cases, which are slow.
    """
    sample = strings[::every]
    with writing(engine, AT) as pen:
        by = accounts.add_member(pen, "bruno@register.test", Role.ADMINISTRATOR, PASSWORD).id
        second = accounts.add_member(pen, "chloe@register.test", Role.MODERATOR, PASSWORD).id
    writer = _Writer(by, second)
    with writing(engine, AT) as pen:
        groups = [sample[start : start + TOGETHER] for start in range(0, len(sample), TOGETHER)]
        full = [writer.full(pen, group) for group in groups]
        single = [writer.single(pen, attack.text) for attack in strings]
        draft = acts.draft(pen, _full_content(strings[:TOGETHER]), by=by, reason="un brouillon").id
    return HostileRegister(full, single, CaseRef(draft), by, second)


def or_placeholder(text: str, limit: int = 2_000) -> str:
    """A text that is not empty once cleaned."""
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


def _source(text: str, number: int) -> SourceContent:
    # The number keeps addresses different once cleaned.
    url = f"https://exemple.test/{number}?{clean(text)}"[:2_000]
    return SourceContent(url=url, kind="presse", label=text, title=text, publisher=text)


def _full_content(strings: Sequence[HostileString]) -> Content:
    texts = [attack.text for attack in strings]
    lines = dict.fromkeys(one_line(text[:150]) or "rien" for text in texts)
    first = texts[0]
    suits = [
        decided(
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

    def full(self, pen: WriteTransaction, strings: Sequence[HostileString]) -> CaseRef:
        """A public case with everything, each of its texts written by each string."""
        texts = [or_placeholder(attack.text) for attack in strings]
        case = self._publish(pen, _full_content(strings), texts[0])
        for text in texts:
            acts.note(pen, case.id, text, by=self.by)
            title, body = or_placeholder(text, TITLE_LIMIT), account((text,))
            acts.follow_up(
                pen, case.id, reason=text, title=title, text=body, by=self.by, second=self.second
            )
            self._reply(pen, case, text)
        for number, text in enumerate(texts[::4]):
            content = replace(_full_content(strings), amount=f"{number} {texts[0]}"[:2_000])
            acts.correct(
                pen, case.id, content, reason=text, public_note=text, by=self.by, second=self.second
            )
        return case

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
        return self._publish(pen, content, text)

    def _publish(self, pen: WriteTransaction, content: Content, text: str) -> CaseRef:
        reason = or_placeholder(text)
        case = acts.draft(pen, content, by=self.by, reason=reason, note=reason)
        acts.invite(pen, case.id, reason, by=self.by)
        acts.approve(pen, case.id, by=self.second)
        acts.publish(
            pen, case.id, by=self.by, reason=reason, attested=ATTESTATIONS, flag_reasons=reason
        )
        return CaseRef(case.id, case.number)

    def _reply(self, pen: WriteTransaction, case: CaseRef, text: str) -> None:
        author = or_placeholder(text, 300)
        row = acts.receive_reply(
            pen,
            case.id,
            by=self.by,
            author=author,
            capacity=author,
            text=text,
            received_on=date(2026, 3, 2),
        )
        if row.id % 4 == 0 or deadlines.text_length(text).is_too_long:
            acts.refuse_reply(pen, row.id, by=self.by, code="longueur", refusal=text)
        elif row.id % 8 != 7:  # the others wait
            acts.reply(pen, row.id, reason=text, by=self.by, second=self.second)
