"""The trial of reports encrypted for members: it runs, and its documented claims hold."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import partial

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.orm import Session

from benchmarks import sealed_boxes as trial
from register import encryption
from register.reports import report_lists


def test_the_trial_measures_and_prints_each_figure(capsys, monkeypatch):
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(trial, "PasswordHasher", cheap)
    trial.main(["--reports", "3", "--members", "1,2", "--tries", "5"])
    printed = capsys.readouterr().out
    assert "lost password, by the offline key" in printed
    assert "| 2 boxes |" in printed
    assert "likeness" in printed


def test_an_unlocked_desk_key_gives_the_same_list_as_the_key_store():
    desk = X25519PrivateKey.generate()
    with trial.temporary_register(4) as register, Session(register.engine) as session:
        register.boxes.seal(register.keys, {"desk": desk.public_key()})
        unlocked = trial.UnlockedKeys(register.boxes, "desk", desk)
        query = report_lists.ReportQuery(words="gagny")
        today = report_lists.list_reports(session, register.store, query, trial.TODAY)
        assert report_lists.list_reports(session, unlocked, query, trial.TODAY) == today
        assert len(today.summaries) == 4


def test_a_box_is_bound_to_its_reader_and_its_report():
    desk, stranger = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    with trial.temporary_register(0) as register:
        boxes = register.boxes
        boxes.seal({"one": b"k" * 32}, {"desk": desk.public_key()})
        assert trial.UnlockedKeys(boxes, "desk", desk).keys(["one"]) == {"one": b"k" * 32}
        with pytest.raises(InvalidTag):
            trial.UnlockedKeys(boxes, "desk", stranger).keys(["one"])
        with boxes.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE box SET report = 'two'")
        with pytest.raises(InvalidTag):
            trial.UnlockedKeys(boxes, "desk", desk).keys(["two"])


def test_half_of_a_session_unlocks_nothing():
    private = X25519PrivateKey.generate()
    halves = trial.Halves.split(private)
    assert halves.private().private_bytes_raw() == private.private_bytes_raw()
    for half in (
        halves._replace(browser=secrets.token_bytes(32)),
        halves._replace(server=secrets.token_bytes(32)),
    ):
        with pytest.raises(InvalidTag):
            half.private()


def test_the_server_can_unwrap_keys_wrapped_by_one_time_codes():
    # The server knows the secret, so it can compute every code.
    private, secret = X25519PrivateKey.generate(), pyotp.random_base32()
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    code = pyotp.TOTP(secret).at(noon)
    wrapped = trial.wrap(
        encryption.derive_key(code.encode(), "wrapped by a one-time code"), private
    )
    by_server = pyotp.TOTP(secret).at(noon)
    unwrapped = trial.unwrap(
        encryption.derive_key(by_server.encode(), "wrapped by a one-time code"), wrapped
    )
    assert unwrapped.private_bytes_raw() == private.private_bytes_raw()
    # The member’s next code does not unwrap it.
    later = pyotp.TOTP(secret).at(noon + timedelta(seconds=30))
    with pytest.raises(InvalidTag):
        trial.unwrap(encryption.derive_key(later.encode(), "wrapped by a one-time code"), wrapped)
