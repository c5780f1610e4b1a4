"""Column type of addresses: encrypted, and still looked up by equality.

AES-SIV (RFC 5297) without a nonce gives equal addresses equal bytes: the database finds one and
keeps it unique, and shows nothing but which rows have the same address. The key is derived from the
root key, which is outside the instance and outlives a rotation of the seal key.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import cache

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.types import TypeDecorator

from register import db, encryption, postgresql
from register.errors import SealError

# Of an address, so that it fits the column once it is encrypted.
MAX_ADDRESS_LENGTH = 160
KEY_PURPOSE = "addresses of members"
# Before everything encrypted; no address begins with it.
_MARK = ":"
# Addresses are padded to a multiple of this: their length would tell them apart.
_BLOCK_LENGTH = 32
# Their stored values, not decrypted.
_TABLES = tuple(
    sa.table(name, sa.column("id", sa.Integer), sa.column("email", sa.String))
    for name in ("member", "member_invitation")
)
# Of a dialect, of which each engine has its own: a column type knows no more of its engine.
_CIPHER = "register_address_cipher"


def use_address_key(engine: sa.Engine, open_key: Callable[[], bytes]) -> None:
    """Give an engine the key of its register's addresses.

    :param open_key: returns the key derived for :data:`KEY_PURPOSE`; called at the first address
        that is read or written.
    """

    @cache
    def cipher() -> AESSIV:
        return _cipher(open_key())

    def raise_seal_error(context: ExceptionContext) -> None:
        # SQLAlchemy wraps what a parameter raises; the pages have a sentence for the error itself.
        if isinstance(context.original_exception, SealError):
            raise context.original_exception

    for each in address_engines(engine):
        setattr(each.dialect, _CIPHER, cipher)
        sa.event.listen(each, "handle_error", raise_seal_error)


def address_engines(engine: sa.Engine) -> tuple[sa.Engine, ...]:
    """An engine, and those that write to its database: on PostgreSQL, engines of their own."""
    if engine.dialect.name == "sqlite":
        return (engine,)
    return engine, postgresql.write_engine(engine), postgresql.autocommit_engine(engine)


class SealedAddress(TypeDecorator[str]):
    """An e-mail address, encrypted in the database and plain in Python.

    An engine without a key, such as that of a backup, reads and writes it as it is stored.
    """

    impl = sa.String(254)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Encrypt.

        :raises SealError: as :attr:`KeyStore.root`.
        :raises AttributeError: a plain address, and an engine without a key: a fault in the code.
        """
        if value is None or value.startswith(_MARK):
            return value
        return _seal(getattr(dialect, _CIPHER)(), value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Decrypt; raises SealError as :attr:`KeyStore.root`, and ``seal_opens_nothing``."""
        open_cipher: Callable[[], AESSIV] | None = getattr(dialect, _CIPHER, None)
        # One of a former version is plain until the end of the upgrade.
        if value is None or not value.startswith(_MARK) or open_cipher is None:
            return value
        return _open(open_cipher(), value)


class SealedUrl(SealedAddress):
    """The address of a page, encrypted likewise."""

    impl = sa.String(3_000)
    cache_ok = True


def seal_plain_addresses(engine: sa.Engine, key: bytes) -> int:
    """Encrypt the addresses of a former version, and leave no copy of them; their number."""
    cipher, count = _cipher(key), 0
    with db.write_engine(engine).begin() as connection:
        for addresses in _TABLES:
            rows = connection.execute(sa.select(addresses).where(_is_plain(addresses))).all()
            count += len(rows)
            for row_id, address in rows:
                stmt = sa.update(addresses).where(addresses.c.id == row_id)
                connection.execute(stmt.values(email=_seal(cipher, address)))
    if count and engine.dialect.name == "postgresql":
        # The former rows, and the samples of the planner.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for addresses in _TABLES:
                connection.execute(sa.text(f"VACUUM (FULL, ANALYZE) {addresses.name}"))
    if count:
        db.empty_log(engine)
    return count


def count_plain_addresses(engine: sa.Engine) -> int:
    """Number of addresses that are not encrypted."""
    with engine.connect() as connection:
        return sum(
            connection.scalar(sa.select(sa.func.count()).where(_is_plain(addresses))) or 0
            for addresses in _TABLES
        )


def _is_plain(addresses: sa.TableClause) -> sa.ColumnElement[bool]:
    return addresses.c.email.not_like(f"{_MARK}%")


def _cipher(key: bytes) -> AESSIV:
    # Two keys of AES-256: one authenticates, one encrypts.
    return AESSIV(encryption.derive_key(key, "tag") + encryption.derive_key(key, "text"))


def _seal(cipher: AESSIV, address: str) -> str:
    plain = address.encode()
    # At least one block: nothing cannot be encrypted.
    length = max(1, -(-len(plain) // _BLOCK_LENGTH)) * _BLOCK_LENGTH
    sealed = cipher.encrypt(plain.ljust(length, b"\0"), None)
    return _MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _open(cipher: AESSIV, stored: str) -> str:
    encoded = stored.removeprefix(_MARK)
    try:
        sealed = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return cipher.decrypt(sealed, None).rstrip(b"\0").decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise SealError("seal_opens_nothing") from error
