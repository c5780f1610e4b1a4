"""A form as a browser holds it: its fields with what they hold, to be changed and sent."""

from __future__ import annotations

from html.parser import HTMLParser

Pairs = dict[str, list[str]]


class _Reader(HTMLParser):
    """The fields of the form with an id, as HTML says that they are sent (4.10.22.4)."""

    def __init__(self, form: str) -> None:
        super().__init__(convert_charrefs=True)
        self.form = form
        self.inside = False
        self.fields: Pairs = {}
        self.buttons: list[tuple[str, str]] = []
        self.invalid: list[str] = []
        self.needed: list[str] = []
        self._text: str | None = None
        self._list = ""
        self._first: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = told.get("id") == self.form
        if not self.inside:
            return
        name, value = told.get("name", ""), told.get("value", "")
        if "aria-invalid" in told:
            self.invalid.append(told["id"])
        if "aria-required" in told:
            self.needed.append(told["id"])
        if tag == "input" and self._is_sent(told):
            self._add(name, value)
        elif tag == "textarea":
            self._text, self._list = "", name
        elif tag == "select":
            self._list, self._first = name, None
        elif tag == "option":
            self._first = value if self._first is None else self._first
            if "selected" in told:
                self._first = value
        elif tag == "button":
            self.buttons.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self._text is not None:
            # The line break right after the tag is the markup's, not the text's.
            self._add(self._list, self._text.removeprefix("\n"))
            self._text = None
        elif tag == "select" and self.inside:
            self._add(self._list, self._first or "")

    def _is_sent(self, told: dict[str, str]) -> bool:
        if told.get("type") in ("checkbox", "radio"):
            return "checked" in told
        return bool(told.get("name")) and told.get("type") not in ("submit", "button")

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


class Filled:
    """What a page's form holds; ``fields`` without the token, ``buttons`` as name and value."""

    def __init__(self, page: str, form: str = "dossier") -> None:
        reader = _Reader(form)
        reader.feed(page)
        self.fields = {name: kept for name, kept in reader.fields.items() if name != "csrf_token"}
        self.buttons = reader.buttons
        self.invalid = reader.invalid
        self.needed = reader.needed

    def __getitem__(self, name: str) -> str:
        return self.fields[name][0]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def sent(self, button: str = "garder", **changes: str) -> Pairs:
        """What is sent when a button is pressed after some fields were changed."""
        return {
            **self.fields,
            **{name: [value] for name, value in changes.items()},
            "faire": [button],
        }
