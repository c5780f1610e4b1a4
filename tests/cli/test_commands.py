"""``webcitoyen`` as an operator types it: its output and its exit code."""

from __future__ import annotations

import configparser
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from cast import add_members
from click.testing import Result
from databases import Registers, open_engine
from sqlalchemy import create_engine, text

from register.accounts.models import Role
from register.journal import writing
from register.operations import schema
from register.server.process_start import CANNOT_START

TOP = Path(__file__).parents[2]
DEMO_FILE = TOP / "register" / "demo" / "incidents.csv"
EXAMPLES = TOP / "docs" / "exemples"


@pytest.fixture
def run(
    run_on_new_instance: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """``run("init")`` on an instance of its own, from its folder."""
    monkeypatch.chdir(tmp_path)
    return run_on_new_instance


@pytest.fixture
def run_with_members(
    run: Callable[..., Result], registers: Registers, tmp_path: Path
) -> Iterator[Callable[..., Result]]:
    """An instance with an administrator and a moderator."""
    with registers.new("sqlite", tmp_path) as settings:
        with open_engine(settings.database_url) as engine, writing(engine) as p:
            add_members(p, {"ada@x.test": Role.ADMINISTRATOR, "bruno@x.test": Role.MODERATOR})
        yield run


def test_init_prints_where_the_seal_key_is_and_may_be_repeated(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    first = run("init")
    key = tmp_path / "seal" / "seal.key"
    assert str(key) in first.output
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    second = run("init")
    assert (second.exit_code, key.read_bytes()) == (0, before)


def test_before_init_every_command_says_what_is_missing(run: Callable[..., Result]) -> None:
    for words, code in (
        (("serve",), 78),
        (("follow",), 78),
        (("verify",), 1),
        (("member", "list"), 1),
        (("import", str(DEMO_FILE)), 1),
    ):
        refusal = run(*words)
        assert refusal.exit_code == code
        assert "webcitoyen" in refusal.output


def test_serve_refuses_without_its_seal_key(
    run_with_members: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "seal" / "seal.key").unlink()
    refusal = run_with_members("serve")
    assert refusal.exit_code == 78
    assert "clé de scellement" in refusal.output
    assert run_with_members("doctor").exit_code == 1


def test_a_foreign_seal_key_is_noticed(
    run_with_members: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "seal" / "seal.key").write_text("00" * 32)
    assert run_with_members("doctor").exit_code == 1
    assert run_with_members("serve").exit_code == 78


def test_a_secret_key_of_former_versions_is_ignored_in_one_sentence_and_its_file_removed(
    run_with_members: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("register.cli.operations.launch.serve", lambda *_args, **_names: None)
    monkeypatch.setattr("register.cli.operations.process_start.listen", lambda *_args: [])
    monkeypatch.setattr("register.cli.operations.process_start.port_of", lambda *_args: 0)
    monkeypatch.setenv("REGISTER_SECRET_KEY", "court")
    secret_file = tmp_path / "instance" / "secret_key"
    secret_file.write_text("s" * 64)
    serve = run_with_members("serve", "--port", "0")
    assert serve.exit_code == 0, serve.output
    assert serve.output.count("REGISTER_SECRET_KEY ne sert plus") == 1
    assert "secret_key" in run_with_members("upgrade").output
    assert not secret_file.exists()
    assert "secret_key" not in run_with_members("upgrade").output


def test_the_seal_key_is_replaced_by_a_command(
    run_with_members: Callable[..., Result], tmp_path: Path
) -> None:
    key = tmp_path / "seal" / "seal.key"
    before = key.read_bytes()
    assert "seal.key.new" in run_with_members("seal", "rotate", "--prepare").output
    prepared = (tmp_path / "seal" / "seal.key.new").read_bytes()
    assert key.read_bytes() == before
    rotation = run_with_members("seal", "rotate")
    assert (rotation.exit_code, str(key) in rotation.output) == (0, True)
    assert key.read_bytes() == prepared
    assert run_with_members("seal", "rotate").exit_code == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGISTER_BASE_URL", "http://registre.example"),
        ("REGISTER_SINGLE_MODERATOR", "yes"),
        ("REGISTER_TRUSTED_PROXIES", "beaucoup"),
        ("REGISTER_DATABASE_URL", "mysql://x"),
        ("REGISTER_BASE_ULR", "http://127.0.0.1"),
    ],
)
def test_an_invalid_setting_is_refused_in_one_sentence(
    name: str, value: str, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    refusal = run("init")
    assert refusal.exit_code == 1
    assert name in refusal.output
    assert refusal.output.count("\n") == 1
    # A unit does not start again what a person has to mend.
    assert run("serve").exit_code == 78


def test_a_public_address_needs_the_legal_notice(
    run_with_members: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_BASE_URL", "https://registre.example")
    refusal = run_with_members("serve")
    assert refusal.exit_code == 78
    assert "REGISTER_PUBLISHER_DIRECTOR" in refusal.output


def test_a_database_or_port_that_may_come_back_is_tried_again_by_a_unit(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REGISTER_DATABASE_URL", f"postgresql://register@/x?host={tmp_path}")
    for name in ("serve", "follow", "check"):
        assert run(name).exit_code == 1


def _read_unit(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(path, "utf-8")
    return unit


def test_every_unit_has_its_failure_mailed() -> None:
    for path in set(EXAMPLES.glob("*.service")) - set(EXAMPLES.glob("*@.service")):
        assert _read_unit(path)["Unit"]["OnFailure"] == "webcitoyen-failure@%n.service", path


@pytest.mark.parametrize("name", ["webcitoyen.service", "webcitoyen-worker.service"])
def test_the_units_fail_at_once_or_after_a_while_and_say_so(name: str) -> None:
    unit = _read_unit(EXAMPLES / name)
    service, limits = unit["Service"], unit["Unit"]
    assert service["RestartPreventExitStatus"] == str(CANNOT_START)
    # Otherwise it would never be reached, and the unit be "activating" for ever.
    assert limits["StartLimitIntervalSec"] == "1h"
    assert int(limits["StartLimitBurst"]) * (int(service["RestartSec"]) + 10) < 3_600
    assert "ExecStartPre" not in service


def test_members_are_added_listed_disabled_and_reset(
    run_with_members: Callable[..., Result],
) -> None:
    added = run_with_members("member", "add", "Chloe@X.test", "--role", "moderator")
    assert added.exit_code == 0
    assert "une seule fois" in added.output
    assert run_with_members("member", "disable", "chloe@x.test").exit_code == 0
    assert "fermé le" in run_with_members("member", "list").output
    assert run_with_members("member", "reset", "chloe@x.test").exit_code == 0
    assert "fermé le" not in run_with_members("member", "list").output


@pytest.mark.prove
@pytest.mark.parametrize(
    "words",
    [
        ("member", "add", "bruno@x.test", "--role", "moderator"),
        ("member", "add", "pas une adresse", "--role", "moderator"),
        ("member", "disable", "ada@x.test"),
        ("member", "disable", "inconnue@x.test"),
        ("member", "reset", "inconnue@x.test"),
    ],
    ids=["exists", "address", "last administrator", "unknown", "unknown"],
)
def test_a_refused_member_command_prints_its_reason(
    words: tuple[str, ...], run_with_members: Callable[..., Result]
) -> None:
    refusal = run_with_members(*words)
    assert refusal.exit_code == 1
    assert refusal.output.strip().endswith(".")


def test_import_publish_verify_and_import_again(run_with_members: Callable[..., Result]) -> None:
    words = ("import", str(DEMO_FILE), "--publish", "--by", "ada@x.test", "--reason", "reprise")
    first = run_with_members(*words)
    assert first.exit_code == 1
    assert first.output.count("reste un brouillon") == 14
    assert "WC003" in first.output
    second = run_with_members(*words, "--second", "bruno@x.test")
    assert (second.exit_code, "14 publiés" in second.output) == (0, True)
    proof = run_with_members("verify")
    assert proof.exit_code == 0, proof.output
    anchor = next(line for line in proof.output.splitlines() if line.startswith("public:35:"))
    assert run_with_members("verify", "--anchor", anchor).exit_code == 0
    assert run_with_members("verify", "--anchor", "999:" + "0" * 64).exit_code == 1
    assert run_with_members("verify", "--anchor", "n’importe quoi").exit_code == 1
    third = run_with_members(*words, "--second", "bruno@x.test")
    assert "34 inchangés" in third.output
    assert run_with_members("doctor").exit_code == 0


def test_a_bad_import_file_is_refused_with_a_reason(
    run_with_members: Callable[..., Result], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(DEMO_FILE.read_bytes().replace(b"Gagny", b"\xe9"))
    bad.write_bytes(bad.read_bytes() + b"\xff")
    refusal = run_with_members("import", str(bad), "--by", "ada@x.test")
    assert refusal.exit_code == 1
    assert "UTF-8" in refusal.output
    rows = DEMO_FILE.read_text(encoding="utf-8").replace("interdiction_filmer", "filmer")
    bad.write_text(rows, encoding="utf-8")
    refusal = run_with_members("import", str(bad), "--by", "ada@x.test")
    assert refusal.exit_code == 1
    assert "Ligne 6, WC010, colonne types" in refusal.output
    assert "au plus près\u00a0: interdiction_filmer" in refusal.output


def test_an_import_requires_the_members_who_do_it(run_with_members: Callable[..., Result]) -> None:
    assert run_with_members("import", str(DEMO_FILE)).exit_code == 1
    trial = run_with_members("import", str(DEMO_FILE), "--dry-run")
    assert (trial.exit_code, "34 cas seraient : 0 publiés, 34 brouillons" in trial.output) == (
        0,
        True,
    )
    assert (
        run_with_members("import", str(DEMO_FILE), "--publish", "--by", "ada@x.test").exit_code == 1
    )


def test_import_reads_the_standard_input(run_with_members: Callable[..., Result]) -> None:
    trial = run_with_members("import", "-", "--dry-run", stdin=DEMO_FILE.read_text("utf-8"))
    assert (trial.exit_code, "34 cas seraient" in trial.output) == (0, True)
    empty = run_with_members("import", "-", "--dry-run", stdin="")
    assert (empty.exit_code, "vide" in empty.output) == (1, True)


def test_the_demonstration_runs_again_without_harm(run: Callable[..., Result]) -> None:
    first = run("demo", "--no-serve")
    assert first.exit_code == 0, first.output
    accounts = [line for line in first.output.splitlines() if "@demo.example" in line]
    assert len(accounts) == 2
    second = run("demo", "--no-serve")
    assert second.exit_code == 0
    assert [line for line in second.output.splitlines() if "@demo.example" in line] == accounts


def test_the_demonstration_of_an_earlier_version_is_upgraded(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    assert run("demo", "--no-serve").exit_code == 0
    folder = tmp_path / "instance" / "demo"
    engine = create_engine(f"sqlite:///{folder / 'register.sqlite3'}")
    command.downgrade(schema.alembic_config(engine), "0008")
    with engine.begin() as connection:
        # A row of the sample file was another one then.
        connection.execute(
            text("UPDATE incident_origin SET digest = 'another' WHERE incident_id = 1")
        )
    engine.dispose()
    (folder / "secret_key").write_text("f" * 64)
    upgrade = run("demo", "--no-serve")
    assert upgrade.exit_code == 0, upgrade.output
    assert sorted(path.name for path in folder.iterdir()) == ["register.sqlite3", "sign-in.json"]


def test_upgrade_may_be_repeated(run_with_members: Callable[..., Result], tmp_path: Path) -> None:
    for _ in range(2):
        assert run_with_members("upgrade").exit_code == 0
    assert not list((tmp_path / "instance").glob("*.copy"))


def test_every_command_names_a_database_of_a_newer_version(
    run_with_members: Callable[..., Result], tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'instance' / 'register.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for words in (
        *("init", "upgrade", "serve", "check", "follow", "doctor", "verify", "purge"),
        *("case-file 1", "member list", "search status", "seal rotate", "sources status"),
        *(f"import {DEMO_FILE}", "backup a --keys b"),
    ):
        refusal = run_with_members(*words.split())
        assert refusal.exit_code != 0, words
        assert "version plus récente" in refusal.output, words
    assert not list((tmp_path / "instance").glob("*.copy"))


def test_help_names_every_command(run: Callable[..., Result]) -> None:
    output = run("--help").output
    for name in (
        "init",
        "upgrade",
        "serve",
        "demo",
        "import",
        "member",
        "verify",
        "doctor",
        "purge",
    ):
        assert name in output


def test_the_mode_is_told_and_changed_by_one_command(run_on_register):
    assert "Ouvert" in run_on_register("mode").output
    closed = run_on_register("mode", "readonly")
    assert (closed.exit_code, "En lecture seule" in closed.output) == (0, True)
    assert "depuis le" in run_on_register("mode").output
    assert run_on_register("doctor").exit_code == 1
    assert run_on_register("mode", "shut").exit_code == 2
    assert "Ouvert" in run_on_register("mode", "open").output
