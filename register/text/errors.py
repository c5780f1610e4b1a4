"""The one error of the text package."""

from __future__ import annotations


class TextError(ValueError):
    """A text or a date that cannot be accepted: a key and its values, worded by web/ and cli/."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key: str = key
        self.values: dict[str, object] = values
