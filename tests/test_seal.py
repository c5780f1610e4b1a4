"""The seal key: made once, never inside the instance, and missed loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

from register import seal
from register.errors import SealError

ID = "2f4a7a7e-0000-4000-8000-000000000001"


def _refused(do, *told):
    with pytest.raises(SealError) as refused:
        do(*told)
    return refused.value.key


def test_a_key_is_made_for_its_owner_only(tmp_path):
    path, key = seal.make(tmp_path / "seal")
    assert path == tmp_path / "seal" / "seal.key"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert len(key) == 32
    assert seal.load(tmp_path / "seal") == key


def test_no_key_is_ever_made_over_another(tmp_path):
    _, key = seal.make(tmp_path)
    assert _refused(seal.make, tmp_path) == "seal_exists"
    assert seal.load(tmp_path) == key


def test_two_registers_have_two_keys(tmp_path):
    assert seal.make(tmp_path / "a")[1] != seal.make(tmp_path / "b")[1]


def test_a_missing_key_is_missed(tmp_path):
    assert _refused(seal.load, tmp_path) == "seal_missing"
    assert _refused(seal.require, tmp_path, ID, "00") == "seal_missing"


@pytest.mark.parametrize(
    "content", [b"", b"not hexadecimal", b"00" * 31, b"00" * 33, b"\xff\xfe" * 32]
)
def test_a_damaged_key_is_told_from_a_missing_one(tmp_path, content):
    (tmp_path / seal.NAME).write_bytes(content)
    assert _refused(seal.load, tmp_path) == "seal_unreadable"


def test_the_key_of_another_register_is_refused(tmp_path):
    _, key = seal.make(tmp_path)
    assert seal.require(tmp_path, ID, seal.check_value(key, ID)) == key
    assert _refused(seal.require, tmp_path, ID, seal.check_value(bytes(32), ID)) == "seal_foreign"
    assert _refused(seal.require, tmp_path, "another", seal.check_value(key, ID)) == "seal_foreign"


def test_the_check_value_is_not_the_key(tmp_path):
    _, key = seal.make(tmp_path)
    assert key.hex() not in seal.check_value(key, ID)


def test_by_default_the_key_stands_in_the_users_state_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert seal.folder(None, ID) == tmp_path / "webcitoyen" / ID
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert seal.folder(None, ID) == tmp_path / "home/.local/state/webcitoyen" / ID
    assert seal.folder(Path("/srv/seal"), ID) == Path("/srv/seal")
