"""``webcitoyen verify --receipt``: received, and on which day; or not."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from register.cli import main
from register.db import db
from register.reports import queries, report_content

pytestmark = pytest.mark.one_database


@pytest.fixture
def verify(app):
    """``verify(path)`` as an operator types it: exit code, standard output, standard error."""

    def verify_receipt(path):
        result = CliRunner().invoke(main, ["verify", "--receipt", str(path)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result.exit_code, result.stdout.strip(), result.stderr.strip()

    return verify_receipt


def test_a_receipt_of_this_register_is_recognised(app, inbox, verify, tmp_path):
    receipt = inbox.received()
    report = queries.get_report(db.session(), inbox.store, receipt.key)
    document = report_content.receipt_document(report.received, report.summary.day, "registre.test")
    path = tmp_path / "recu.json"
    path.write_bytes(document)
    sentence = "Un signalement au contenu identique a été reçu le 2 mars 2026."
    assert verify(path) == (0, sentence, "")
    path.write_bytes(document.replace("caméra".encode(), b"camera"))
    assert verify(path) == (1, "", "Ce reçu ne correspond à aucun signalement encore gardé ici.")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"[" * 300_000], ids=["empty", "bytes", "long"]
)
def test_another_file_is_not_recognised_as_a_receipt(app, verify, tmp_path, content):
    path = tmp_path / "recu.json"
    path.write_bytes(content)
    code, stdout, stderr = verify(path)
    assert (code, stdout) == (1, "")
    assert "aucun signalement" in stderr


def test_a_missing_file_is_reported(app, verify, tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        assert verify(path) == (1, "", "Le fichier du reçu ne peut pas être lu.")
