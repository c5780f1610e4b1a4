"""The Containerfile and the compose file: settings, ports, paths and users that exist and agree."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import click
import pytest
import yaml
from containerfile import FILE, TOP, copied, stages

from register import cli, config
from register.hosts import is_loopback
from register.server.startup_checks import require_local

STAGES = stages(FILE.read_text("utf-8"))
IMAGE = STAGES[""]
COMPOSE = yaml.safe_load((FILE.parent / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("web", "worker")


def _parse(words: list[str]) -> click.Context:
    """A command of ``webcitoyen`` with its options, which are refused when they do not exist."""
    name, *arguments = words
    return cli.main.commands[name].make_context(name, arguments)


def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The variables of a container of ours."""
    lines = (FILE.parent / "environment").read_text("utf-8").splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        name, _equals, value = line.partition("=")
        monkeypatch.setenv(name, "".join(shlex.split(value)))
    for name, value in IMAGE.environ.items():
        if name.startswith("REGISTER_"):
            monkeypatch.setenv(name, value)
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://webcitoyen:secret@database/webcitoyen")
    for name, value in SERVICES["web"]["environment"].items():
        is_secret = value == "/run/secrets/database_url"
        monkeypatch.setenv(name, str(secret) if is_secret else value)


def test_what_is_copied_exists_and_every_pin_is_installed_by_its_hash() -> None:
    build, image = STAGES["build"].steps, IMAGE.steps
    for name, arguments in build + image:
        stage, sources, _target = copied(arguments) if name == "COPY" else ("build", [], "")
        assert stage in STAGES
        assert stage or all((TOP / source).exists() for source in sources), arguments
    installs = [line for name, line in build if name == "RUN" and "requirements/" in line]
    for command in " && ".join(installs).split("&&"):
        options = set(command.split())
        assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= options
        assert (TOP / command.split()[-1]).is_file()


def test_the_image_has_the_version_of_the_project() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    assert IMAGE.labels["org.opencontainers.image.version"] == project["version"]
    assert SERVICES["web"]["image"] == f"webcitoyen:{project['version']}"
    assert IMAGE.labels["org.opencontainers.image.licenses"] == project["license"]


def test_the_image_runs_as_the_user_who_owns_its_volumes() -> None:
    user, group = IMAGE.user.split(":")
    assert "0" not in (user, group)
    (setup,) = [line for name, line in IMAGE.steps if "useradd" in line]
    assert f"--uid {user} --gid {group}" in setup
    assert IMAGE.volumes == [IMAGE.environ["REGISTER_INSTANCE"], IMAGE.environ["REGISTER_SEAL_DIR"]]
    assert setup.endswith(f"-o webcitoyen -g webcitoyen {' '.join(IMAGE.volumes)}")
    mounted = [volume.split(":")[1] for volume in SERVICES["web"]["volumes"]]
    assert mounted == IMAGE.volumes


def test_port_and_health_check_are_those_that_the_command_serves() -> None:
    serve = _parse(IMAGE.command)
    assert serve.params["port"] == IMAGE.port
    assert serve.params["no_worker"]
    assert f"'127.0.0.1', {IMAGE.port}," in IMAGE.health[-1]
    (published,) = SERVICES["web"]["ports"]
    host, outside, inside = published.split(":")
    assert is_loopback(host)
    assert int(inside) == IMAGE.port
    nginx = (FILE.parent / "nginx.conf").read_text("utf-8")
    assert f"server {host}:{outside};" in nginx


def test_settings_of_the_compose_file_are_those_of_a_register(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    _environment(monkeypatch, tmp_path)
    settings = config.load()
    assert settings.database_url.startswith("postgresql")
    assert settings.limiter_url == "redis://redis:6379/0"
    assert config.missing_for_public(settings) == []
    require_local(settings, _parse(IMAGE.command).params["host"])


def test_the_worker_runs_the_command_that_follows() -> None:
    worker = SERVICES["worker"]
    _parse(worker["command"])
    assert worker["healthcheck"] == {"disable": True}


def test_every_container_is_without_rights_and_reads_its_system_only() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert ("cap_add" in service) == (name == "database"), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        assert "ports" not in service or name == "web"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], name
    for name in OURS:
        assert set(SERVICES[name]["depends_on"]) <= set(SERVICES)


def test_no_secret_is_in_the_files() -> None:
    texts = [FILE.read_text("utf-8"), (FILE.parent / "compose.yaml").read_text("utf-8")]
    for text in texts:
        assert not re.search(r"(?i)password *[:=] *\S", text)
        assert not re.search(r"://\w+:[^@\s]+@", text)
