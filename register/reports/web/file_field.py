"""Files of a reporter's form: those that arrived with it, and those that arrived before.

The form carries each as a token, in a checkbox that is ticked: unticked, the file is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext
from wtforms import Field

from register.cases.acts.evidence import REMOVAL_REASONS
from register.errors import Invalid
from register.evidence.file_kinds import KINDS
from register.evidence.sealed_files import FileManifest
from register.reports.report_content import SentFile
from register.reports.web import upload_streams, upload_tokens
from register.reports.web.upload_tokens import ARRIVED, ReceivedFile
from register.web import messages
from register.web.blueprints import submit
from register.web.error_messages import error_sentence
from register.web.l10n import size_words
from register.web.request_context import sealed_files, settings

# Name of the file input; the field itself holds tokens.
INPUT_NAME = "fichiers_choisis"
# What the browser's own dialogue offers; the server looks at the content.
ACCEPTED = ",".join(
    (
        *("image/*", "audio/*", "video/*", "application/pdf", "text/plain"),
        *(".heic", ".heif", ".pdf", ".txt", ".m4a", ".mp3", ".ogg", ".opus", ".mkv", ".3gp"),
    )
)


class FilesField(Field):
    """The files of a form; ``data`` is the tokens of those that are whole."""

    data: list[str]
    process_errors: list[str]
    files: Sequence[ReceivedFile] = ()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the tokens that were sent, and the files that arrived with them."""
        before = [upload_tokens.read_token(ARRIVED, str(token)) for token in valuelist]
        arrived = upload_streams.arrivals()
        by_content: dict[SentFile, ReceivedFile] = {}
        for file in [*filter(None, before), *arrived.files]:
            if file.is_old:
                self._refuse(file.manifest.name, Invalid("evidence_again"))
            else:
                # A file that was chosen twice is one.
                by_content.setdefault(file.sent, file)
        limit = settings().evidence_files
        self.files = list(by_content.values())[:limit]
        for file in list(by_content.values())[limit:]:
            self._refuse(file.manifest.name, Invalid("evidence_too_many", limit=limit))
        for name, error in arrived.refusals:
            self._refuse(name, error)
        if None in before:
            self.process_errors.append(str(messages.evidence.upload_words["gone"]))
        self.data = [file.token for file in self.files]

    def _refuse(self, name: str, error: Any) -> None:
        words = {"name": name or "…", "reason": error_sentence(error)}
        self.process_errors.append(str(messages.evidence.upload_words["refused"]) % words)

    def process_data(self, value: Any) -> None:
        """Begin without any."""
        self.data, self.files = [], ()

    @property
    def manifests(self) -> list[FileManifest]:
        """What is stored with a report."""
        return [file.manifest for file in self.files]

    def require_whole(self) -> bool:
        """Leave out the files whose bytes are gone; whether there was none.

        :raises Unavailable: ``evidence_away``.
        """
        store = sealed_files()
        whole = [file for file in self.files if store.is_whole(file.manifest)]
        is_complete = len(whole) == len(self.files)
        if not is_complete:
            self.errors = [*self.errors, str(messages.evidence.upload_words["gone"])]
        self.files, self.data = whole, [file.token for file in whole]
        return is_complete


def files_field() -> FilesField:
    """The field of a form."""
    return FilesField(lazy_gettext("Fichiers"))


@submit.app_template_global("file_words")
def file_words(file: SentFile | FileManifest) -> str:
    """A file in words: "vidéo, 12 Mo"."""
    kind = KINDS.get(file.mime)
    words = messages.evidence.file_kinds[kind] if kind else file.mime
    return f"{words}, {size_words(file.size)}"


@submit.app_template_global("file_limits")
def file_limits() -> Mapping[str, object]:
    """What is said of files before they are chosen, and the attributes of their input."""
    return {
        "files": settings().evidence_files,
        "megabytes": settings().evidence_file_mb,
        "input_name": INPUT_NAME,
        "accepted": ACCEPTED,
    }


@submit.app_template_global("removal_reasons")
def removal_reasons() -> Mapping[str, str]:
    """Why a member removes a file: codes with words, in the order in which they are offered."""
    return {code: str(messages.evidence.removal_reasons[code]) for code in REMOVAL_REASONS}
