"""The seal key and encryption with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from register import encryption
from register.errors import SealError

ID = "2f4a7a7e-0000-4000-8000-000000000001"


def _refusal_key(function, *arguments):
    with pytest.raises(SealError) as refused:
        function(*arguments)
    return refused.value.key


def test_a_new_key_is_readable_by_its_owner_only(tmp_path):
    path, key = encryption.make_key(tmp_path / "seal")
    assert path == tmp_path / "seal" / "seal.key"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert len(key) == 32
    assert encryption.load_key(tmp_path / "seal") == key


def test_an_existing_key_is_not_overwritten(tmp_path):
    _, key = encryption.make_key(tmp_path)
    assert _refusal_key(encryption.make_key, tmp_path) == "seal_exists"
    assert encryption.load_key(tmp_path) == key


def test_two_registers_have_different_keys(tmp_path):
    assert encryption.make_key(tmp_path / "a")[1] != encryption.make_key(tmp_path / "b")[1]


def test_a_missing_key_is_reported(tmp_path):
    assert _refusal_key(encryption.load_key, tmp_path) == "seal_missing"


@pytest.mark.parametrize(
    "content", [b"", b"not hexadecimal", b"00" * 31, b"00" * 33, b"\xff\xfe" * 32]
)
def test_a_damaged_key_is_distinguished_from_a_missing_one(tmp_path, content):
    (tmp_path / encryption.KEY_FILE).write_bytes(content)
    assert _refusal_key(encryption.load_key, tmp_path) == "seal_unreadable"


def test_the_check_value_is_not_the_key(tmp_path):
    _, key = encryption.make_key(tmp_path)
    assert key.hex() not in encryption.check_value(key, ID)


def test_the_default_folder_of_the_key_is_the_users_state_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert encryption.key_folder(None, ID) == tmp_path / "webcitoyen" / ID
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert encryption.key_folder(None, ID) == tmp_path / "home/.local/state/webcitoyen" / ID
    assert encryption.key_folder(Path("/srv/seal"), ID) == Path("/srv/seal")


# --- encryption ----------------------------------------------------------------

KEY = bytes(range(32))


def _encrypted(plain=b"a secret", bound=b"member 3"):
    return encryption.encrypt(KEY, "totp", plain, bound)


def test_an_encrypted_text_is_decrypted_again():
    for plain in (b"", b"a secret", bytes(100_000)):
        assert encryption.decrypt(KEY, "totp", _encrypted(plain), b"member 3") == plain


def test_every_ciphertext_of_the_same_bytes_is_different():
    ciphertexts = {_encrypted() for _ in range(100)}
    assert len(ciphertexts) == 100
    assert len({ciphertext[1:13] for ciphertext in ciphertexts}) == 100
    assert not any(b"secret" in ciphertext for ciphertext in ciphertexts)


@pytest.mark.parametrize(
    ("key", "purpose", "bound"),
    [
        (bytes(32), "totp", b"member 3"),
        (KEY, "contact", b"member 3"),
        (KEY, "totp", b"member 4"),
        (KEY, "totp", b""),
    ],
    ids=["another key", "another purpose", "another owner", "no owner"],
)
def test_a_ciphertext_is_decrypted_for_its_own_purpose_only(key, purpose, bound):
    assert (
        _refusal_key(encryption.decrypt, key, purpose, _encrypted(), bound) == "seal_opens_nothing"
    )


def test_a_ciphertext_with_one_changed_bit_is_refused():
    ciphertext = _encrypted()
    for position in range(len(ciphertext)):
        changed = bytearray(ciphertext)
        changed[position] ^= 1
        arguments = (KEY, "totp", bytes(changed), b"member 3")
        assert _refusal_key(encryption.decrypt, *arguments) == "seal_opens_nothing", position


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_a_truncated_ciphertext_is_refused(length):
    arguments = (KEY, "totp", _encrypted()[:length], b"member 3")
    assert _refusal_key(encryption.decrypt, *arguments) == "seal_opens_nothing"


def test_the_format_of_a_ciphertext_is_fixed():
    """A ciphertext of an earlier release stays readable."""
    ciphertext = bytes.fromhex(
        "01b6cb108dcff94727fd170a86306564febbf69f3d49cc99a3daabde86440268c0de4c21ec"
    )
    assert encryption.decrypt(KEY, "totp", ciphertext, b"member 3") == b"a secret"


def test_a_key_written_by_root_belongs_to_the_owner_of_the_folder(tmp_path, monkeypatch):
    """Otherwise the service could not read its key after a rotation by root."""
    owners = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _descriptor, *owner: owners.append(owner))
    encryption.pending_key(tmp_path)
    folder = tmp_path.stat()
    assert owners == [(folder.st_uid, folder.st_gid)]
