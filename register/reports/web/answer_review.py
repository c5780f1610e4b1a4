"""What is about to be sent, or was, in the words of the form: for whoever wrote it to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from register.reports import plain_words
from register.reports.report_content import Sent
from register.reports.web.report_form import began, understood
from register.text import typed_dates
from register.text.errors import TextError
from register.web.l10n import count_words, edtf_words, typeset
from register.web.languages import language

# Characters of a text on the receipt, which has to go on one sheet.
_EXCERPT = 200
_EXCERPT_LINE = 100
_LINES = 4


@dataclass(frozen=True)
class Answered:
    """One answer: the id of its field, what it answers to, its lines, and what they were read as.

    ``kept``: that the words stay as they are, where they were read as nothing. ``is_cut``: whether
    only the beginning is here.
    """

    field: str
    label: str
    lines: tuple[str, ...]
    read: str = ""
    kept: str = ""
    is_cut: bool = False


def answered(sent: Sent) -> list[Answered]:
    """What was filled in, in the order of the form."""
    return [one for one in _all(sent) if any(one.lines)]


def shortened(sent: Sent) -> list[Answered]:
    """The same for a receipt: long texts by their beginning, links by their number."""
    return [_short(one) for one in answered(sent)]


def as_text(before: Sent, after: Sent) -> str:
    """What a second filling of a form says that the first did not; empty where it says the same.

    The account stands first and bare, the other answers after it with what they answer to; then
    those that were emptied: what somebody thought better of must reach whoever reads.
    """
    first, second = answered(before), answered(after)
    known = {(one.field, one.lines, one.read) for one in first}
    left = {one.field for one in second}
    new = [one for one in second if (one.field, one.lines, one.read) not in known]
    gone = [
        typeset(_("%(label)s : à retirer", label=one.label))
        for one in first
        if one.field not in left
    ]
    return "\n\n".join([*("\n".join(_written(one)) for one in new), *gone])


def _written(one: Answered) -> Iterator[str]:
    if one.field != "recit":
        yield typeset(_("%(label)s :", label=one.label))
    yield from one.lines


def _all(sent: Sent) -> Iterator[Answered]:
    yield Answered("recit", _("Ce qui s’est passé"), (sent.account,))
    yield Answered("types", _("De quoi il s’agit"), _words("type", sent.types))
    yield _place(sent)
    yield _when(sent)
    yield Answered(
        "acteur", _("Qui a agi"), _filled(*_words("acteur", (sent.actor,)), sent.actor_text)
    )
    yield Answered(
        "cible", _("Qui était visé"), _filled(*_words("cible", (sent.target,)), sent.target_text)
    )
    told = began()
    begun = str(told[sent.began]) if sent.began in told and sent.began else ""
    yield Answered("procedure", _("Plainte ou procès"), _filled(begun))
    yield Answered("liens", _("Où cela peut se vérifier"), sent.links)


def _place(sent: Sent) -> Answered:
    label = _("Où")
    if sent.place_code:
        return Answered("lieu", label, _filled(sent.place), read=understood(sent.place_code))
    kept = _("Gardé avec vos mots : la modération cherchera.")
    return Answered("lieu", label, _filled(sent.place), kept=kept)


def _when(sent: Sent) -> Answered:
    label = _("Quand")
    if sent.date:
        return Answered("quand", label, _filled(sent.when), read=edtf_words(sent.date))
    kept = _("Gardé avec vos mots.")
    if _lacks_year(sent.when):
        kept = _("Gardé avec vos mots. Si vous la savez, ajoutez l’année.")
    return Answered("quand", label, _filled(sent.when), kept=kept)


def _lacks_year(when: str) -> bool:
    try:
        typed_dates.read(when)
    except TextError as error:
        return error.key == "typed_date_year"
    return False


def _words(name: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Plain words of codes; a code that has none any more is told as it is."""
    known = plain_words.words(name, language())
    return tuple(known[code].label if code in known else code for code in codes if code)


def _filled(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _short(one: Answered) -> Answered:
    if one.field == "liens":
        return Answered(one.field, one.label, (_count(len(one.lines)),))
    longest = _EXCERPT if one.field == "recit" else _EXCERPT_LINE
    whole = [" ".join(line.split()) for line in one.lines]
    lines = [_cut(line, longest) for line in whole[:_LINES]] + ["…"] * (len(whole) > _LINES)
    return Answered(one.field, one.label, tuple(lines), one.read, is_cut=lines != whole)


def _count(lines: int) -> str:
    return str(ngettext("une ligne", "%(count)s lignes", lines, count=count_words(lines)))


def _cut(line: str, longest: int) -> str:
    """The beginning of a line, cut at a word."""
    if len(line) <= longest:
        return line
    return (line[:longest].rsplit(" ", 1)[0] or line[:longest]) + "…"
