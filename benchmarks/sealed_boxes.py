"""Trial of reports sealed to members' public keys: `python -m benchmarks.sealed_boxes`.

No part of the register. It measures what decision 27 rests on, with the code that lists and
compares reports today and another store of keys behind it. Two designs side by side: each report's
key in a box for every member, or in one for a desk key whose private half every member has wrapped.
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from argon2 import PasswordHasher
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.texts import account
from register import encryption
from register.db import Base, make_file, prepare
from register.report_keys import KeyStore
from register.reports import duplicates, queries
from register.reports import encryption as sealing
from register.reports.models import Report, State
from register.reports.report_content import Received, Sent

# RFC 9180, base mode: whoever has the public key seals, only the private key opens.
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
TODAY = date(2026, 11, 27)
PASSWORD = "un mot de passe assez long"
Rows = list[tuple[str, ...]]
_NONCE = 12


def wrap(secret: bytes, private: X25519PrivateKey) -> bytes:
    """A private key closed under 32 secret bytes."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, private.private_bytes_raw(), None)


def unwrap(secret: bytes, closed: bytes) -> X25519PrivateKey:
    """The private key that :func:`wrap` closed.

    :raises InvalidTag: for another secret.
    """
    raw = AESGCM(secret).decrypt(closed[:_NONCE], closed[_NONCE:], None)
    return X25519PrivateKey.from_private_bytes(raw)


def password_key(password: str, salt: bytes, length: int = 32) -> bytes:
    """Bytes made from a password at the cost of today's password hashes."""
    cost = PasswordHasher()
    effort = (cost.time_cost, cost.memory_cost, cost.parallelism)
    return hash_secret_raw(password.encode(), salt, *effort, length, Type.ID)


class Halves(NamedTuple):
    """An unlocked session at rest: what the server has, and what only the browser's cookie has."""

    server: bytes
    browser: bytes
    closed: bytes

    @classmethod
    def of(cls, private: X25519PrivateKey) -> Halves:
        """Halves for a new session. Either one alone is 32 random bytes."""
        server, browser = secrets.token_bytes(32), secrets.token_bytes(32)
        return cls(server, browser, wrap(_joined(server, browser), private))

    def private(self) -> X25519PrivateKey:
        """The key, for one request."""
        return unwrap(_joined(self.server, self.browser), self.closed)


def _joined(server: bytes, browser: bytes) -> bytes:
    mixed = bytes(one ^ other for one, other in zip(server, browser, strict=True))
    return encryption.derived(mixed, "unlocked session")


class Boxes:
    """A file of sealed boxes: the key of one report for one reader, who is a member or the desk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = create_engine(f"sqlite:///{path}")
        prepare(self.engine)
        make_file(self.engine)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE box (report TEXT, reader TEXT, sealed BLOB,"
                " PRIMARY KEY (reader, report)) WITHOUT ROWID"
            )

    def seal(self, keys: dict[str, bytes], readers: dict[str, X25519PublicKey]) -> None:
        """Seal the keys of reports to readers; on disk before this returns."""
        rows = [
            (report, reader, SUITE.encrypt(key, public, info=report.encode()))
            for report, key in keys.items()
            for reader, public in readers.items()
        ]
        with self.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO box VALUES (?, ?, ?)", rows)

    def sealed(self, reader: str, names: Iterable[str]) -> list[tuple[str, bytes]]:
        """A reader's boxes of some reports."""
        statement = "SELECT report, sealed FROM box WHERE reader = ? AND report IN "
        statement += "(SELECT value FROM json_each(?))"
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(statement, (reader, json.dumps(list(names))))
            return [(row.report, row.sealed) for row in rows]

    def forget(self, reader: str) -> None:
        """Drop all boxes of a reader."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM box WHERE reader = ?", (reader,))


class Unlocked:
    """What `queries` and `likeness` ask of the key store, answered by a reader's private key."""

    def __init__(self, boxes: Boxes, reader: str, private: X25519PrivateKey) -> None:
        self._boxes, self._reader, self._private = boxes, reader, private

    def keys(self, names: Iterable[str]) -> dict[str, bytes]:
        """The keys of some reports.

        :raises InvalidTag: for a box that was sealed to somebody else, or to another report.
        """
        return {
            report: SUITE.decrypt(sealed, self._private, info=report.encode())
            for report, sealed in self._boxes.sealed(self._reader, names)
        }


class Register:
    """A register of so many open reports, and their keys: in today's store, and beside it."""

    def __init__(self, folder: Path, reports: int) -> None:
        self.folder = folder
        self.engine = create_engine(f"sqlite:///{folder}/register.sqlite3")
        prepare(self.engine)
        make_file(self.engine)
        Base.metadata.create_all(self.engine)
        self.store = KeyStore(f"sqlite:///{folder}/keys.sqlite3", secrets.token_bytes(32), "trial")
        self.store.make_store()
        names = [secrets.token_hex(16) for _ in range(reports)]
        self.keys = dict(zip(names, self.store.several(*names), strict=True)) if names else {}
        with Session(self.engine) as session:
            session.add_all(map(self._report, range(reports), names))
            session.commit()
        self.boxes = Boxes(folder / "boxes.sqlite3")

    def _report(self, number: int, name: str) -> Report:
        day = TODAY - timedelta(days=number % 60)
        received = Received(a_report(number), secrets.token_bytes(32))
        return Report(
            key=name,
            receipt=secrets.token_bytes(32),
            state=State.RECEIVED,
            day=day,
            moved_on=day,
            sealed=sealing.close_sent(self.keys[name], name, received),
        )


def a_report(number: int) -> Sent:
    """A report of some two hundred words."""
    return Sent(
        account="\n\n".join(account(number)),
        types=("interdiction_filmer",),
        place="Gagny",
        place_code=f"commune:93{number % 40:03}",
        date="2026-11",
    )


@contextmanager
def a_register(reports: int) -> Iterator[Register]:
    """A register in a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        register = Register(Path(folder), reports)
        try:
            yield register
        finally:
            for engine in (register.store.engine, register.engine, register.boxes.engine):
                engine.dispose()


def timed(act: Callable[[], Any], times: int = 7) -> float:
    """Milliseconds of processor time, the best of some runs: other work only adds to it."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        act()
        taken.append((time.process_time() - start) * 1000)
    return min(taken)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", default="200,2000", help="numbers of open reports")
    options.add_argument("--members", default="1,5,20", help="numbers of members")
    options.add_argument("--tries", type=int, default=20_000, help="codes of six digits to try")
    given = options.parse_args(arguments)
    members = [int(number) for number in given.members.split(",")]
    reports = [_many(int(number)) for number in given.reports.split(",")]
    for rows in (_signing_in(given.tries), _one_report(members), *reports):
        for row in rows:
            print(f"| {' | '.join(row)} |")
        print()


def _signing_in(tries: int) -> Rows:
    private, salt = X25519PrivateKey.generate(), secrets.token_bytes(16)
    hasher = PasswordHasher()
    verified = partial(hasher.verify, hasher.hash(PASSWORD), PASSWORD)
    secret = password_key(PASSWORD, salt)
    closed, halves = wrap(secret, private), Halves.of(private)
    offline = X25519PrivateKey.generate()
    recovery = SUITE.encrypt(private.private_bytes_raw(), offline.public_key())

    def again() -> bytes:
        return password_key(PASSWORD, salt)

    def split() -> X25519PrivateKey:
        both = password_key(PASSWORD, salt, 64)
        return X25519PrivateKey.from_private_bytes(both[32:])

    def recovered() -> bytes:
        raw = SUITE.decrypt(recovery, offline)
        return wrap(again(), X25519PrivateKey.from_private_bytes(raw))

    def code_key(code: int) -> bytes:
        return encryption.derived(f"{code:06}".encode(), "wrapped by a one-time code")

    by_code = wrap(code_key(tries - 1), private)

    def guessed() -> None:
        for code in range(tries):
            try:
                unwrap(code_key(code), by_code)
            except InvalidTag:
                continue

    return [
        ("signing in", "ms"),
        ("password verified (today)", f"{timed(verified):.0f}"),
        ("the same, and a second argon2id", f"{timed(verified) + timed(again):.0f}"),
        ("one argon2id of 64 bytes: half verifies, half unlocks", f"{timed(split):.0f}"),
        ("private key unwrapped", f"{timed(lambda: unwrap(secret, closed), 50):.3f}"),
        ("session unlocked for one request, from both halves", f"{timed(halves.private, 50):.3f}"),
        ("new password: one derivation, one wrap", f"{timed(lambda: wrap(again(), private)):.0f}"),
        ("lost password, by the offline key", f"{timed(recovered):.0f}"),
        (f"{tries:,} codes of six digits tried on a key they wrap", f"{timed(guessed, 1):.0f}"),
    ]


def _one_report(members: list[int]) -> Rows:
    names = ("keys in boxes, in memory, ms", "key written, ms", "key read, ms", "bytes on disk")
    columns = [_one_key(number) for number in members]
    with a_register(0) as register:
        name = secrets.token_hex(16)
        register.store.new(name)
        written = timed(lambda: register.store.new(secrets.token_hex(16)), 20)
        columns.append(["", f"{written:.1f}", f"{timed(lambda: register.store.key(name)):.2f}", ""])
    head = ("one report", *(f"{number} boxes" for number in members), "today")
    return [head, *((name, *cells) for name, *cells in zip(names, *columns, strict=True))]


def _one_key(readers: int) -> list[str]:
    """What the key of one report costs, sealed to so many readers."""
    private = X25519PrivateKey.generate()
    others = [X25519PrivateKey.generate().public_key() for _ in range(readers - 1)]
    public = {str(number): one for number, one in enumerate([private.public_key(), *others])}
    with a_register(0) as register:
        boxes = register.boxes
        boxed = timed(lambda: [SUITE.encrypt(b"k" * 32, one) for one in public.values()])
        written = timed(lambda: boxes.seal({secrets.token_hex(16): b"k" * 32}, public), 20)
        name = secrets.token_hex(16)
        boxes.seal({name: b"k" * 32}, public)
        reader = Unlocked(boxes, "0", private)
        read = timed(lambda: reader.keys([name]))
        before = _bytes(boxes)
        boxes.seal({secrets.token_hex(16): b"k" * 32 for _ in range(500)}, public)
        size = (_bytes(boxes) - before) / 500
    return [f"{boxed:.2f}", f"{written:.1f}", f"{read:.2f}", f"{size:.0f}"]


def _bytes(boxes: Boxes) -> int:
    with boxes.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return boxes.path.stat().st_size


def _many(reports: int) -> Rows:
    member, other, desk, next_desk = (X25519PrivateKey.generate() for _ in range(4))
    with a_register(reports) as register, Session(register.engine) as session:
        boxes, keys = register.boxes, register.keys
        boxes.seal(keys, {"member": member.public_key(), "desk": desk.public_key()})
        own, shared = Unlocked(boxes, "member", member), Unlocked(boxes, "desk", desk)

        def moved(store: Unlocked, reader: str, private: X25519PrivateKey) -> str:
            # Every key opened, and sealed to somebody new.
            readers = {reader: private.public_key()}
            return f"{timed(lambda: boxes.seal(store.keys(keys), readers), 1):.0f}"

        added = moved(own, "other", other)
        granted = timed(lambda: SUITE.encrypt(desk.private_bytes_raw(), other.public_key()))
        removed = f"{timed(lambda: boxes.forget('other'), 1):.1f}"
        rows: Rows = [
            (f"{reports:,} open reports, ms", "a box a member", "desk key", "today"),
            ("member added, or given back", added, f"{granted:.2f}", ""),
            ("member removed", removed, moved(shared, "next desk", next_desk), ""),
        ]
        key, day = next(iter(keys)), TODAY - timedelta(days=30)
        viewer = cast(Any, SimpleNamespace(is_active=True))

        def page(store: Any, words: str = "") -> object:
            return queries.listing(session, store, queries.Asked(words=words), TODAY)

        def like(store: Any) -> object:
            return duplicates.reports(session, store, viewer, key, day, a_report(0))

        reading: dict[str, Callable[[Any], object]] = {
            "first page of the tray, 30 opened": page,
            "all opened and filtered by a word": lambda store: page(store, "gagny"),
            "likeness, at most 300 opened and compared": like,
        }
        for what, act in reading.items():
            cells = [timed(partial(act, store)) for store in (own, shared, register.store)]
            rows.append((what, *(f"{cell:.1f}" for cell in cells)))
    return rows


if __name__ == "__main__":
    main()
