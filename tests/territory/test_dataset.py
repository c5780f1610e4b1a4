"""The committed files agree with their manifest and with the counts of 2026."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from register.territory import dataset
from register.text.normalisation import fold_name
from tools import territory_data
from tools.territory_data.former_places import NAMES_SOURCE
from tools.territory_data.sources import CsvRow, read_table


@pytest.fixture(scope="module")
def communes() -> list[CsvRow]:
    return read_table("communes.csv.gz")


@pytest.fixture(scope="module")
def present(communes: list[CsvRow]) -> list[CsvRow]:
    return [row for row in communes if row["type"] == "commune-actuelle"]


@pytest.mark.parametrize("name", dataset.FILES)
def test_each_file_has_the_sum_of_the_manifest(name: str) -> None:
    digest = hashlib.sha256((dataset.DATA / name).read_bytes()).hexdigest()
    assert dataset.read_manifest()["sha256"][name] == digest


def test_the_manifest_names_every_file_and_no_other() -> None:
    assert set(dataset.read_manifest()["sha256"]) == set(dataset.FILES)
    assert {path.name for path in dataset.DATA.iterdir()} == {
        *dataset.FILES,
        dataset.ABROAD,
        dataset.MANIFEST,
    }


def test_the_sources_are_those_that_the_packages_pin() -> None:
    pinned = json.loads((Path(territory_data.__file__).parent / "package.json").read_text("utf-8"))
    versions = {
        source["package"]: source["version"] for source in dataset.read_manifest()["source"]
    }
    assert versions == pinned["dependencies"] | NAMES_SOURCE


def test_each_source_has_a_licence_and_a_sentence_for_readers() -> None:
    for source in dataset.read_manifest()["source"]:
        assert source["licence"]
        assert source["licence_url"].startswith("https://")
        assert source["attribution"].endswith(".")
        assert "{" not in source["attribution"]


def test_the_compressed_table_carries_no_date() -> None:
    header = (dataset.DATA / "communes.csv.gz").read_bytes()[:8]
    assert header[4:8] == b"\0\0\0\0"


def test_the_counts_are_those_of_2026(communes: list[CsvRow]) -> None:
    assert Counter(row["type"] for row in communes) == {
        "commune-actuelle": 34_969,
        "commune-deleguee": 2_105,
        "commune-associee": 471,
        "arrondissement-municipal": 45,
        "commune-ancienne": 3_592,
    }
    assert len(communes) == 41_182
    assert len(read_table("epci.csv")) == 1_255 + 11  # and the EPT of the Grand Paris
    assert len(read_table("departements.csv")) == 109
    assert len(read_table("regions.csv")) == 18


def test_the_counts_of_the_manifest_are_those_of_the_files(
    communes: list[CsvRow], present: list[CsvRow]
) -> None:
    counts = dataset.read_manifest()["counts"]
    precisions = Counter(row["precision"] for row in present)
    assert counts["communes"] == len(present)
    assert counts["lignes"] == len(communes)
    assert counts["points_exacts"] == precisions["geonames"] == 14_803
    assert counts["points_absents"] == precisions[""] == 6
    assert counts["contours"] == 101


def test_the_overseas_collectivities_have_no_region() -> None:
    collectivities = {
        row["code"]: row["nom"] for row in read_table("departements.csv") if not row["region"]
    }
    assert list(collectivities) == ["975", "977", "978", "984", "986", "987", "988", "989"]
    assert collectivities["988"] == "Nouvelle-Calédonie"


def test_many_communes_share_a_name(present: list[CsvRow]) -> None:
    counts = Counter(fold_name(row["nom"]) for row in present)
    shared = [count for count in counts.values() if count > 1]
    assert (len(shared), sum(shared)) == (1_482, 3_774)


def test_postal_codes_are_shared_and_collide_with_official_ones(
    communes: list[CsvRow], present: list[CsvRow]
) -> None:
    served: defaultdict[str, set[str]] = defaultdict(set)
    for row in present:
        for postal in row["codes_postaux"].split():
            served[postal].add(row["code"])
    assert len(served) == 6_310
    assert sum(len(codes) > 1 for codes in served.values()) == 4_205
    assert len(served["51300"]) == 46
    assert len(served.keys() & {row["code"] for row in present}) == 3_056
    assert len(served.keys() & {row["code"] for row in communes}) == 3_309


def test_no_code_is_both_present_and_former(present: list[CsvRow]) -> None:
    former = {old for row in present for old in row["anciens_codes"].split()}
    assert len(former) == 4_240
    assert not former & {row["code"] for row in present}


def test_points_are_in_the_right_place(present: list[CsvRow]) -> None:
    by_code = {row["code"]: row for row in present}
    assert (by_code["75056"]["lat"], by_code["75056"]["lon"]) == ("48.8534", "2.3488")
    assert by_code["01001"]["precision"] == "code_postal"
    # Its postal code is Saint-Pierre's, 40 km away on another island.
    assert (by_code["97501"]["lat"], by_code["97501"]["precision"]) == ("47.0975", "geonames")


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    compute_version = dataset.version.__wrapped__
    for name in dataset.FILES:
        (tmp_path / name).write_bytes((dataset.DATA / name).read_bytes())
    assert compute_version(tmp_path) == dataset.version()
    for name in dataset.FILES:
        before = compute_version(tmp_path)
        (tmp_path / name).write_bytes(b"other")
        assert compute_version(tmp_path) != before
    assert len(dataset.version()) == 12
