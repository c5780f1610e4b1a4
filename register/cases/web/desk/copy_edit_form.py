"""Form of the edits of a clean copy: masks, crops, dropped pages, cuts and passages as numbers.

Without JavaScript the numbers are typed; with it, rectangles on the picture write them. Areas are
in percent of the page, times in seconds or as 1:05.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from register.cases.copies import FileCopy
from register.errors import CopyError
from register.evidence.clean_copy.edits import Edits
from register.text.normalisation import one_line

# Empty rows for somebody without JavaScript; a script adds more.
SPARE_ROWS = 3
_MASK_NAME = re.compile(r"m(\d{1,4})-\d{1,3}-x")
_INTERVAL_NAME = re.compile(r"([ku])\d{1,3}-de")
_TIME = re.compile(r"(?:(?:(\d{1,2}):)?([0-5]?\d):)?(\d{1,5}(?:[.,]\d{1,3})?)")
_SIDES = ("x", "y", "w", "h")
_PERCENT = 100


@dataclass(frozen=True)
class MaskRow:
    """A rectangle as typed.

    :param sides: percent of the page from its left and from its top, width and height.
    :param start: from when on a mask of a video hides, and ``end`` until when; empty throughout.
    """

    sides: Sequence[str] = ("", "", "", "")
    style: str = "blur"
    start: str = ""
    end: str = ""


@dataclass
class EditFields:
    """The edits of a copy as typed; ``faults`` are those of :meth:`edits`, by id of the field."""

    masks: dict[int, list[MaskRow]] = field(default_factory=dict)
    crops: dict[int, MaskRow] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    cuts: list[tuple[str, str]] = field(default_factory=list)
    mutes: list[tuple[str, str]] = field(default_factory=list)
    passages: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)

    def mask_rows(self, page: int) -> list[MaskRow]:
        """The masks of a page, and spare rows."""
        return [*self.masks.get(page, ()), *([MaskRow()] * SPARE_ROWS)]

    def crop(self, page: int) -> MaskRow:
        """The crop of a page."""
        return self.crops.get(page, MaskRow())

    def intervals(self, name: str) -> list[tuple[str, str]]:
        """The cuts or the mutes, and spare rows."""
        return [*getattr(self, name), *([("", "")] * SPARE_ROWS)]

    def edits(self, text: str = "") -> Mapping[str, Any]:
        """The edits as JSON; incomplete where there are faults.

        :param text: the clean text, for passages.
        """
        edits: dict[str, Any] = {
            "masks": list(self._read_masks()),
            "crops": [
                {"page": page, "area": area}
                for page, row in sorted(self.crops.items())
                if (area := self._area(f"c{page}", row.sides))
            ],
            "dropped_pages": sorted(self.dropped),
            "cuts": list(self._read_intervals("k", self.cuts)),
            "mutes": list(self._read_intervals("u", self.mutes)),
            "passages": list(self._read_passages(text)),
        }
        try:
            Edits.from_json(edits)
        except CopyError:
            self._blame("retouches", _("Ces retouches ne conviennent pas : reprenez-les."))
        return {name: parts for name, parts in edits.items() if parts}

    def _read_masks(self) -> Iterable[dict[str, Any]]:
        for page, rows in sorted(self.masks.items()):
            for number, row in enumerate(rows):
                name = f"m{page}-{number}"
                area = self._area(name, row.sides)
                if area:
                    style = "black" if row.style == "black" else "blur"
                    interval = self._interval(name, row.start, row.end)
                    yield {"page": page, "style": style, "area": area, "interval": interval}

    def _area(self, name: str, sides: Sequence[str]) -> dict[str, float] | None:
        if not any(sides):
            return None
        numbers = [_percent(side) for side in sides]
        if None in numbers:
            self._blame(f"{name}-x", _("Donnez quatre nombres de 0 à 100 pour ce cadre."))
            return None
        x, y, width, height = (number or 0.0 for number in numbers)
        right, bottom = min(1.0, x + width), min(1.0, y + height)
        if not (x < right and y < bottom):
            self._blame(f"{name}-x", _("Ce cadre est vide, ou hors de l’image."))
            return None
        return {"left": x, "top": y, "right": right, "bottom": bottom}

    def _read_intervals(
        self, letter: str, rows: Sequence[tuple[str, str]]
    ) -> Iterable[dict[str, float]]:
        intervals = (self._interval(f"{letter}{number}", *row) for number, row in enumerate(rows))
        return filter(None, intervals)

    def _interval(self, name: str, start: str, end: str) -> dict[str, float] | None:
        if not (start or end):
            return None
        seconds = [_seconds(start or "0"), _seconds(end)]
        if None in seconds or not (seconds[0] or 0) < (seconds[1] or 0):
            self._blame(
                f"{name}-de", _("Écrivez deux temps, le second après le premier : 0:10 et 0:20.")
            )
            return None
        return {"start": seconds[0] or 0.0, "end": seconds[1] or 0.0}

    def _read_passages(self, text: str) -> Iterable[dict[str, int]]:
        for passage in filter(None, map(str.strip, self.passages.splitlines())):
            places = [match.start() for match in re.finditer(re.escape(passage), text)]
            if not places:
                excerpt = passage[:60]
                self._blame(
                    "passages",
                    _("Ce passage n’est pas dans le texte : « %(words)s ».", words=excerpt),
                )
            for start in places:
                yield {"start": start, "end": start + len(passage)}

    def _blame(self, field_id: str, sentence: str) -> None:
        self.faults.append((field_id, sentence))


def stored_fields(copy: FileCopy | None, text: str = "") -> EditFields:
    """The fields of the edits that a copy was made with."""
    fields = EditFields()
    edits = copy.order.edits if copy is not None else {}
    for mask in edits.get("masks", ()):
        interval = mask.get("interval") or {}
        row = MaskRow(
            _typed_sides(mask["area"]),
            style=mask.get("style", "blur"),
            start=typed_time(interval.get("start")),
            end=typed_time(interval.get("end")),
        )
        fields.masks.setdefault(mask.get("page", 0), []).append(row)
    for crop in edits.get("crops", ()):
        fields.crops[crop["page"]] = MaskRow(_typed_sides(crop["area"]))
    fields.dropped = set(edits.get("dropped_pages", ()))
    for name, rows in (("cuts", fields.cuts), ("mutes", fields.mutes)):
        for part in edits.get(name, ()):
            rows.append((typed_time(part["start"]), typed_time(part["end"])))
    passages = [text[part["start"] : part["end"]] for part in edits.get("passages", ())]
    fields.passages = "\n".join(dict.fromkeys(passages))
    return fields


def sent_fields(form: MultiDict[str, str]) -> EditFields:
    """The fields as a form sends them."""
    fields = EditFields(passages=form.get("passages", "")[:50_000])

    def typed(name: str, *parts: str) -> list[str]:
        return [one_line(form.get(f"{name}-{part}", ""))[:12] for part in parts]

    def row(name: str) -> MaskRow:
        return MaskRow(typed(name, *_SIDES), *typed(name, "style", "de", "a"))

    for name in form:
        if match := _MASK_NAME.fullmatch(name):
            mask = row(name.removesuffix("-x"))
            if any(mask.sides):
                fields.masks.setdefault(int(match[1]), []).append(mask)
        elif match := _INTERVAL_NAME.fullmatch(name):
            start, end = typed(name.removesuffix("-de"), "de", "a")
            if start or end:
                (fields.cuts if match[1] == "k" else fields.mutes).append((start, end))
        elif re.fullmatch(r"c\d{1,4}-x", name):
            fields.crops[int(name[1:-2])] = row(name.removesuffix("-x"))
    fields.dropped = {
        int(page) for page in form.getlist("retirer") if re.fullmatch(r"\d{1,4}", page)
    }
    return fields


def typed_time(seconds: float | None) -> str:
    """A time as one types it: 1:05, or 1:05.5."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    whole = f"{int(minutes)}:{int(rest):02d}"
    fraction = f"{rest % 1:.3f}".strip("0").rstrip(".")
    return f"{whole}{fraction}"


def _typed_sides(area: Mapping[str, float]) -> list[str]:
    left, top = area["left"], area["top"]
    sides = (left, top, area["right"] - left, area["bottom"] - top)
    return [f"{_PERCENT * side:.2f}".rstrip("0").rstrip(".") for side in sides]


def _percent(typed: str) -> float | None:
    try:
        number = float(typed.replace("%", "").replace(",", ".").strip() or "0")
    except ValueError:
        return None
    return number / _PERCENT if 0 <= number <= _PERCENT else None


def _seconds(typed: str) -> float | None:
    match = _TIME.fullmatch(typed.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
