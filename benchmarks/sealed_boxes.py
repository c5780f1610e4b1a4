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
from register.db import Base, configure_engine, create_sqlite_file
from register.key_store import KeyStore
from register.reports import duplicates, report_lists
from register.reports import report_content as sealing
from register.reports.models import Report, ReportState
from register.reports.report_content import Received, ReportContent

# RFC 9180, base mode: whoever has the public key seals, only the private key opens.
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
TODAY = date(2026, 11, 27)
PASSWORD = "un mot de passe assez long"
TableRows = list[tuple[str, ...]]
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
    def split(cls, private: X25519PrivateKey) -> Halves:
        """Halves for a new session. Either one alone is 32 random bytes."""
        server, browser = secrets.token_bytes(32), secrets.token_bytes(32)
        return cls(server, browser, wrap(_combine_halves(server, browser), private))

    def private(self) -> X25519PrivateKey:
        """The key, for one request."""
        return unwrap(_combine_halves(self.server, self.browser), self.closed)


def _combine_halves(server: bytes, browser: bytes) -> bytes:
    mixed = bytes(
        server_byte ^ browser_byte
        for server_byte, browser_byte in zip(server, browser, strict=True)
    )
    return encryption.derive_key(mixed, "unlocked session")


class Boxes:
    """A file of sealed boxes: the key of one report for one reader, who is a member or the desk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = create_engine(f"sqlite:///{path}")
        configure_engine(self.engine)
        create_sqlite_file(self.engine)
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


class UnlockedKeys:
    """The key store's interface for `queries` and `likeness`, with a reader's private key."""

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


class TrialRegister:
    """A register of so many open reports, and their keys: in today's store, and beside it."""

    def __init__(self, folder: Path, reports: int) -> None:
        self.folder = folder
        self.engine = create_engine(f"sqlite:///{folder}/register.sqlite3")
        configure_engine(self.engine)
        create_sqlite_file(self.engine)
        Base.metadata.create_all(self.engine)
        self.store = KeyStore(f"sqlite:///{folder}/keys.sqlite3", secrets.token_bytes(32), "trial")
        self.store.make_store()
        names = [secrets.token_hex(16) for _ in range(reports)]
        self.keys = dict(zip(names, self.store.new_keys(*names), strict=True)) if names else {}
        with Session(self.engine) as session:
            session.add_all(map(self._report, range(reports), names))
            session.commit()
        self.boxes = Boxes(folder / "boxes.sqlite3")

    def _report(self, number: int, name: str) -> Report:
        day = TODAY - timedelta(days=number % 60)
        received = Received(sample_report(number), secrets.token_bytes(32))
        return Report(
            key=name,
            receipt=secrets.token_bytes(32),
            state=ReportState.RECEIVED,
            day=day,
            moved_on=day,
            sealed=sealing.encrypt_content(self.keys[name], name, received),
        )


def sample_report(number: int) -> ReportContent:
    """A report of some two hundred words."""
    return ReportContent(
        account="\n\n".join(account(number)),
        types=("interdiction_filmer",),
        place="Gagny",
        place_code=f"commune:93{number % 40:03}",
        date="2026-11",
    )


@contextmanager
def temporary_register(reports: int) -> Iterator[TrialRegister]:
    """A register in a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        register = TrialRegister(Path(folder), reports)
        try:
            yield register
        finally:
            for engine in (register.store.engine, register.engine, register.boxes.engine):
                engine.dispose()


def milliseconds(action: Callable[[], Any], times: int = 7) -> float:
    """Milliseconds of processor time, the best of some runs: other work only adds to it."""
    durations = []
    for _ in range(times):
        start = time.process_time()
        action()
        durations.append((time.process_time() - start) * 1000)
    return min(durations)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", default="200,2000", help="numbers of open reports")
    parser.add_argument("--members", default="1,5,20", help="numbers of members")
    parser.add_argument("--tries", type=int, default=20_000, help="codes of six digits to try")
    parsed = parser.parse_args(arguments)
    members = [int(number) for number in parsed.members.split(",")]
    reports = [_report_list_costs(int(number)) for number in parsed.reports.split(",")]
    for table_rows in (_sign_in_costs(parsed.tries), _report_costs(members), *reports):
        for table_row in table_rows:
            print(f"| {' | '.join(table_row)} |")
        print()


def _sign_in_costs(tries: int) -> TableRows:
    private, salt = X25519PrivateKey.generate(), secrets.token_bytes(16)
    hasher = PasswordHasher()
    verify_password = partial(hasher.verify, hasher.hash(PASSWORD), PASSWORD)
    secret = password_key(PASSWORD, salt)
    closed, halves = wrap(secret, private), Halves.split(private)
    offline = X25519PrivateKey.generate()
    recovery = SUITE.encrypt(private.private_bytes_raw(), offline.public_key())

    def derive_again() -> bytes:
        return password_key(PASSWORD, salt)

    def split_password() -> X25519PrivateKey:
        both = password_key(PASSWORD, salt, 64)
        return X25519PrivateKey.from_private_bytes(both[32:])

    def recover() -> bytes:
        raw = SUITE.decrypt(recovery, offline)
        return wrap(derive_again(), X25519PrivateKey.from_private_bytes(raw))

    def code_key(code: int) -> bytes:
        return encryption.derive_key(f"{code:06}".encode(), "wrapped by a one-time code")

    by_code = wrap(code_key(tries - 1), private)

    def guess_codes() -> None:
        for code in range(tries):
            try:
                unwrap(code_key(code), by_code)
            except InvalidTag:
                continue

    return [
        ("signing in", "ms"),
        ("password verified (today)", f"{milliseconds(verify_password):.0f}"),
        (
            "the same, and a second argon2id",
            f"{milliseconds(verify_password) + milliseconds(derive_again):.0f}",
        ),
        (
            "one argon2id of 64 bytes: half verifies, half unlocks",
            f"{milliseconds(split_password):.0f}",
        ),
        ("private key unwrapped", f"{milliseconds(lambda: unwrap(secret, closed), 50):.3f}"),
        (
            "session unlocked for one request, from both halves",
            f"{milliseconds(halves.private, 50):.3f}",
        ),
        (
            "new password: one derivation, one wrap",
            f"{milliseconds(lambda: wrap(derive_again(), private)):.0f}",
        ),
        ("lost password, by the offline key", f"{milliseconds(recover):.0f}"),
        (
            f"{tries:,} codes of six digits tried on a key they wrap",
            f"{milliseconds(guess_codes, 1):.0f}",
        ),
    ]


def _report_costs(members: list[int]) -> TableRows:
    names = ("keys in boxes, in memory, ms", "key written, ms", "key read, ms", "bytes on disk")
    columns = [_key_costs(number) for number in members]
    with temporary_register(0) as register:
        name = secrets.token_hex(16)
        register.store.new_key(name)
        write_time = milliseconds(lambda: register.store.new_key(secrets.token_hex(16)), 20)
        columns.append(
            ["", f"{write_time:.1f}", f"{milliseconds(lambda: register.store.key(name)):.2f}", ""]
        )
    head = ("one report", *(f"{number} boxes" for number in members), "today")
    return [head, *((name, *cells) for name, *cells in zip(names, *columns, strict=True))]


def _key_costs(readers: int) -> list[str]:
    """The cost of one report's key, sealed to so many readers."""
    private = X25519PrivateKey.generate()
    other_keys = [X25519PrivateKey.generate().public_key() for _ in range(readers - 1)]
    public = {
        str(number): public_key
        for number, public_key in enumerate([private.public_key(), *other_keys])
    }
    with temporary_register(0) as register:
        boxes = register.boxes
        encrypt_time = milliseconds(
            lambda: [SUITE.encrypt(b"k" * 32, public_key) for public_key in public.values()]
        )
        write_time = milliseconds(
            lambda: boxes.seal({secrets.token_hex(16): b"k" * 32}, public), 20
        )
        name = secrets.token_hex(16)
        boxes.seal({name: b"k" * 32}, public)
        reader = UnlockedKeys(boxes, "0", private)
        read_time = milliseconds(lambda: reader.keys([name]))
        before = _file_size(boxes)
        boxes.seal({secrets.token_hex(16): b"k" * 32 for _ in range(500)}, public)
        size = (_file_size(boxes) - before) / 500
    return [f"{encrypt_time:.2f}", f"{write_time:.1f}", f"{read_time:.2f}", f"{size:.0f}"]


def _file_size(boxes: Boxes) -> int:
    with boxes.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return boxes.path.stat().st_size


def _report_list_costs(reports: int) -> TableRows:
    member, other, desk, next_desk = (X25519PrivateKey.generate() for _ in range(4))
    with temporary_register(reports) as register, Session(register.engine) as session:
        boxes, keys = register.boxes, register.keys
        boxes.seal(keys, {"member": member.public_key(), "desk": desk.public_key()})
        own, shared = UnlockedKeys(boxes, "member", member), UnlockedKeys(boxes, "desk", desk)

        def reseal_time(store: UnlockedKeys, reader: str, private: X25519PrivateKey) -> str:
            # Every key opened, and sealed to somebody new.
            readers = {reader: private.public_key()}
            return f"{milliseconds(lambda: boxes.seal(store.keys(keys), readers), 1):.0f}"

        add_time = reseal_time(own, "other", other)
        grant_time = milliseconds(
            lambda: SUITE.encrypt(desk.private_bytes_raw(), other.public_key())
        )
        remove_time = f"{milliseconds(lambda: boxes.forget('other'), 1):.1f}"
        table_rows: TableRows = [
            (f"{reports:,} open reports, ms", "a box a member", "desk key", "today"),
            ("member added, or given back", add_time, f"{grant_time:.2f}", ""),
            ("member removed", remove_time, reseal_time(shared, "next desk", next_desk), ""),
        ]
        key, day = next(iter(keys)), TODAY - timedelta(days=30)
        viewer = cast(Any, SimpleNamespace(is_active=True))

        def first_page(store: Any, words: str = "") -> object:
            return report_lists.list_reports(
                session, store, report_lists.ReportQuery(words=words), TODAY
            )

        def find_duplicates(store: Any) -> object:
            return duplicates.similar_reports(session, store, viewer, key, day, sample_report(0))

        read_actions: dict[str, Callable[[Any], object]] = {
            "first page of the tray, 30 opened": first_page,
            "all opened and filtered by a word": lambda store: first_page(store, "gagny"),
            "likeness, at most 300 opened and compared": find_duplicates,
        }
        for label, action in read_actions.items():
            cells = [
                milliseconds(partial(action, store)) for store in (own, shared, register.store)
            ]
            table_rows.append((label, *(f"{cell:.1f}" for cell in cells)))
    return table_rows


if __name__ == "__main__":
    main()
