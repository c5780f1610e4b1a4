"""Members' addresses are encrypted in the database, and found by whoever signs in."""

from __future__ import annotations

import pytest
from databases import open_engine, seal_folder
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import one_use_links, sealed_address
from register.accounts.models import Member, Role
from register.db import empty_log, sqlite_path
from register.errors import Invalid, SealError
from register.operations import rotation, setup

pytestmark = pytest.mark.one_database

ADDRESSES = ("bruno@register.test", "fanny.secret@elsewhere.test")


@pytest.fixture
def stored(engine, cast, pen):
    """The column as the database has it, with an invitation beside the cast."""
    with pen() as p:
        one_use_links.invite(p, ADDRESSES[1], Role.MODERATOR, by=cast.ada)

    def read():
        with engine.connect() as connection:
            stmt = text("SELECT email FROM member UNION ALL SELECT email FROM member_invitation")
            return connection.scalars(stmt).all()

    return read


def _files(settings):
    return [path for path in settings.instance.rglob("*") if path.is_file()]


def test_no_file_of_the_instance_has_an_address(settings, engine, stored):
    assert len(stored()) == 5
    assert not any("@" in value for value in stored())
    empty_log(engine)
    for path in _files(settings) if sqlite_path(settings.database_url) else []:
        content = path.read_bytes()
        assert not [part for part in (b"bruno", b"fanny", b"elsewhere") if part in content], path


def test_stored_addresses_have_one_length(stored):
    assert len({len(value) for value in stored()}) == 1


def test_an_address_is_found_and_unique(engine, cast, session):
    assert accounts.find_by_email(session, " Bruno@REGISTER.test ").id == cast.bruno
    assert session.get_one(Member, cast.bruno).email == ADDRESSES[0]
    with Session(engine) as writer:
        writer.get_one(Member, cast.chloe).email = ADDRESSES[0]
        with pytest.raises(IntegrityError):
            writer.flush()


def test_addresses_outlive_a_rotation(settings, engine, cast):
    rotation.rotate(settings, engine)
    with open_engine(settings.database_url) as again, Session(again) as session:
        assert session.get_one(Member, cast.ada).email == "ada@register.test"


def test_without_the_key_the_error_says_so(settings, engine, cast):
    with open_engine(settings.database_url) as again, Session(again) as session:
        # Statements that were compiled for another engine have its key.
        again.dialect.seal = "of its own"
        for path in seal_folder(settings).iterdir():
            path.rename(path.with_suffix(".away"))
        with pytest.raises(SealError, match="seal_missing"):
            session.get(Member, cast.ada)
        with pytest.raises(SealError, match="seal_missing"):
            accounts.has_account(session, ADDRESSES[0])


def test_another_key_or_changed_bytes_are_refused(engine, cast):
    with engine.connect() as connection:
        value = connection.scalar(text("SELECT email FROM member WHERE id = 1"))
    for key, changed in (
        (b"x" * 32, value),
        (bytes(32), value),
        (bytes(32), ":"),
        (bytes(32), ":é"),
    ):
        cipher = sealed_address._cipher(key)
        with pytest.raises(SealError):
            sealed_address._open(cipher, changed)


def test_an_engine_without_a_key_leaves_addresses_as_they_are(settings, cast, stored):
    with open_engine(settings.database_url) as copy, Session(copy) as session:
        copy.dialect.seal = "of none"
        delattr(copy.dialect, sealed_address._CIPHER)
        member = session.get(Member, cast.ada)
        assert member.email in stored()
        assert session.scalar(select(Member.id).where(Member.email == member.email)) == cast.ada
        member.email = "plain@register.test"
        with pytest.raises(StatementError, match=sealed_address._CIPHER):
            session.flush()


def test_plain_addresses_of_a_former_version_are_encrypted_once(settings, engine, stored, session):
    with engine.begin() as connection:
        for name in ("bruno", "driss"):
            stmt = text("UPDATE member SET email = :plain WHERE id = :id")
            member = accounts.find_by_email(session, f"{name}@register.test")
            connection.execute(stmt, {"plain": member.email, "id": member.id})
        session.rollback()
    assert sealed_address.count_plain_addresses(engine) == 2
    # Readable until then.
    with Session(engine) as reader:
        assert {account.email[:5] for account in accounts.all_members(reader)} >= {"bruno", "driss"}
    setup.make_key_store(settings, engine)
    assert sealed_address.count_plain_addresses(engine) == 0
    before = stored()
    setup.make_key_store(settings, engine)
    assert stored() == before
    assert accounts.find_by_email(session, ADDRESSES[0]).email == ADDRESSES[0]
    for path in _files(settings) if sqlite_path(settings.database_url) else []:
        assert b"bruno@" not in path.read_bytes(), path


@pytest.mark.parametrize(("length", "is_valid"), [(160, True), (161, False)])
def test_the_longest_address_fits_the_column(pen, length, is_valid):
    # The name before the @ has at most 64 characters.
    email = f"{'a' * 40}@{'b' * (length - 46)}.test"
    with pen() as p:
        if is_valid:
            invitation = one_use_links.invite(p, email, Role.MODERATOR, by=None)
            assert len(invitation) == 43
        else:
            with pytest.raises(Invalid):
                one_use_links.invite(p, email, Role.MODERATOR, by=None)
            one_use_links.invite(p, ADDRESSES[1], Role.MODERATOR, by=None)
