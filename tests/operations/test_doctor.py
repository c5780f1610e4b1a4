"""What doctor asks, and what it answers when something is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from register import seal
from register.config import LEGAL, with_secret
from register.db import pen_engine
from register.operations.doctor import examine


def _bad(settings, engine):
    return {
        finding.code: finding.detail for finding in examine(settings, engine) if not finding.good
    }


def test_a_sound_register_has_nothing_wrong(settings, engine, desk):
    desk.published()
    with_secret(settings)
    codes = [finding.code for finding in examine(settings, engine)]
    assert _bad(settings, engine) == {}
    assert codes == [
        "schema",
        "seal",
        "territory",
        "vocabulary",
        "journal",
        "journal",
        "journal",
        "mode",
        "mode",
        "legal",
    ]


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("schema", "UPDATE alembic_version SET version_num = '0000'"),
        ("territory", "UPDATE dataset SET version = 'old' WHERE name = 'territory'"),
        ("vocabulary", "DELETE FROM dataset WHERE name = 'vocabulary'"),
        ("journal", "UPDATE journal_head SET seq = 9 WHERE ledger = 'desk'"),
        ("seal", "UPDATE identity SET seal_check = 'x'"),
    ],
)
def test_what_is_wrong_in_the_database_is_named_alone(settings, engine, code, statement):
    with pen_engine(engine).begin() as connection:
        connection.execute(text(statement))
    assert set(_bad(settings, engine)) == {code}


@pytest.mark.parametrize("table", ["dataset", "journal_head"])
def test_a_missing_table_is_an_answer_and_not_a_crash(settings, engine, table):
    with pen_engine(engine).begin() as connection:
        connection.execute(text(f"DROP TABLE {table}"))
    assert _bad(settings, engine)


def test_a_missing_seal_key_is_named(settings, engine):
    (settings.seal_dir / seal.NAME).unlink()
    assert set(_bad(settings, engine)) == {"seal"}


@pytest.mark.parametrize("what", ["", "secret_key"])
def test_what_others_may_read_is_named_with_its_mode(settings, engine, what):
    with_secret(settings)
    path = settings.instance / what if what else settings.instance
    path.chmod(0o755)
    assert _bad(settings, engine) == {"mode": f"{path.name} 755"}


def test_a_public_register_without_its_legal_notice_is_named(settings, engine):
    public = replace(settings, base_url="https://registre.exemple.test")
    assert set(_bad(public, engine)) == {"legal"}
    assert _bad(replace(public, **dict.fromkeys(LEGAL, "x")), engine) == {}
