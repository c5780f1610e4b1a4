"""Any byte changed in what an outsider downloaded is found by the verifier of ``docs``."""

from __future__ import annotations

import json
import random
import urllib.request

import pytest
from demo_site import Site
from verifier_run import HEAD, LEDGER, PROOF, VerifierRun

from register.journal.models import GENESIS, canonical_json, chain_digest

pytestmark = pytest.mark.prove

SEED = 20261125
CHANGES = 200


@pytest.fixture(scope="module")
def outsider(site: Site, tmp_path_factory: pytest.TempPathFactory) -> VerifierRun:
    """An outsider who has downloaded the demonstration, over HTTP, from a real server."""

    def get(address: str) -> bytes:
        with urllib.request.urlopen(site.base + address, timeout=20) as answer:
            return bytes(answer.read())

    verifier = VerifierRun(tmp_path_factory.mktemp("outside"))
    verifier.download(get, site.numbers["whole"])
    return verifier


def _downloaded(outsider: VerifierRun) -> dict[str, bytes]:
    return {name: outsider.read(name) for name in (LEDGER, HEAD, PROOF)}


def test_any_changed_byte_is_found(outsider: VerifierRun) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    downloaded = _downloaded(outsider)
    assert outsider.verify(PROOF)[0] == 0
    # Each file has its share: the head is a hundredth of the ledger.
    names = [chance.choice(list(downloaded)) for _change in range(CHANGES)]
    places = [(name, chance.randrange(len(downloaded[name]))) for name in names]
    unnoticed = []
    for name, offset in places:
        byte = downloaded[name][offset] ^ chance.randrange(1, 256)
        outsider.write(
            name, downloaded[name][:offset] + bytes([byte]) + downloaded[name][offset + 1 :]
        )
        if outsider.verify(PROOF)[0] == 0:
            unnoticed.append((name, offset, byte))
        outsider.write(name, downloaded[name])
    assert unnoticed == []
    assert outsider.verify(PROOF)[0] == 0


def test_a_removed_last_line_is_found_with_an_earlier_head(outsider: VerifierRun) -> None:
    downloaded = _downloaded(outsider)
    journal_head = json.loads(downloaded[HEAD])
    mark = f"{journal_head['seq']}:{journal_head['digest']}"
    lines = downloaded[LEDGER].splitlines(keepends=True)
    shortened, digest = lines[:-1], GENESIS
    for line in shortened:
        digest = chain_digest(digest, line.rstrip(b"\n"))
    outsider.write(LEDGER, b"".join(shortened))
    # The register may lie about its head as well: only the mark kept from before is true.
    forged_head = {
        **journal_head,
        "seq": len(shortened),
        "digest": digest.hex(),
        "at": json.loads(shortened[-1])["at"],
    }
    outsider.write(HEAD, canonical_json(forged_head))
    assert outsider.verify()[0] == 0
    assert outsider.verify(mark)[0] == 1
    for name, data in downloaded.items():
        outsider.write(name, data)
    assert outsider.verify(mark)[0] == 0
