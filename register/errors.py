"""What may go wrong for a reason that a person can understand.

Each error carries a key and values, never a sentence: ``web`` and ``cli`` word them in the
reader's language.
"""

from __future__ import annotations


class RegisterError(Exception):
    """Base of the errors that are worded for a person."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.key}({details})"


class ConfigError(RegisterError):
    """A setting that is unknown or makes no sense; the process does not start."""


class SealError(RegisterError):
    """The seal key is missing or is not this instance's."""


class Unavailable(RegisterError):
    """Nothing can be kept or verified at the moment: too many wait, or a file is away (503)."""


class ReadOnly(Unavailable):
    """The operator has closed the register to forms; ``values['since']`` is the time (503)."""


class NotFound(RegisterError):
    """There is nothing there, or nothing that this viewer may know of (404)."""


class Invalid(RegisterError):
    """What was given cannot be understood or kept as it is (422)."""


class CopyError(Invalid):
    """No clean copy can be made of an evidence file, for the reason that the key names (422)."""


class Refused(RegisterError):
    """The act is not allowed in the state as it now is, or not to this member (409)."""


class Incomplete(RegisterError):
    """The checklist before publication has unmet lines (422); ``values['lines']`` names them."""


class Gone(RegisterError):
    """The case was withdrawn or erased (410); its tombstone stays."""


class Moved(RegisterError):
    """The case leads to another one (301); ``values['number']`` is its number."""


class TextError(Invalid):
    """A text or a date cannot be accepted as it was written (422)."""
