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

    found = VerifierRun(tmp_path_factory.mktemp("outside"))
    found.download(get, site.numbers["whole"])
    return found


def _kept(outsider: VerifierRun) -> dict[str, bytes]:
    return {name: outsider.read(name) for name in (LEDGER, HEAD, PROOF)}


def test_any_changed_byte_is_found(outsider: VerifierRun) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    kept = _kept(outsider)
    assert outsider.verify(PROOF)[0] == 0
    # Each file has its share: the head is a hundredth of the ledger.
    names = [chance.choice(list(kept)) for _change in range(CHANGES)]
    places = [(name, chance.randrange(len(kept[name]))) for name in names]
    unseen = []
    for name, at in places:
        byte = kept[name][at] ^ chance.randrange(1, 256)
        outsider.write(name, kept[name][:at] + bytes([byte]) + kept[name][at + 1 :])
        if outsider.verify(PROOF)[0] == 0:
            unseen.append((name, at, byte))
        outsider.write(name, kept[name])
    assert unseen == []
    assert outsider.verify(PROOF)[0] == 0


def test_a_removed_last_line_is_found_with_an_earlier_head(outsider: VerifierRun) -> None:
    kept = _kept(outsider)
    told = json.loads(kept[HEAD])
    mark = f"{told['seq']}:{told['digest']}"
    lines = kept[LEDGER].splitlines(keepends=True)
    less, digest = lines[:-1], GENESIS
    for line in less:
        digest = chain_digest(digest, line.rstrip(b"\n"))
    outsider.write(LEDGER, b"".join(less))
    # The register may lie about its head as well: only the mark kept from before is true.
    lie = {**told, "seq": len(less), "digest": digest.hex(), "at": json.loads(less[-1])["at"]}
    outsider.write(HEAD, canonical_json(lie))
    assert outsider.verify()[0] == 0
    assert outsider.verify(mark)[0] == 1
    for name, data in kept.items():
        outsider.write(name, data)
    assert outsider.verify(mark)[0] == 0
