"""Settings: safe defaults, and invalid values refused with the name of their variable."""

from __future__ import annotations

import os
from dataclasses import FrozenInstanceError, astuple, fields

import pytest

from register import config
from register.config import LEGAL_FIELDS, Settings
from register.errors import ConfigError
from register.mail_urls import parse_mail_url

# The address of the key 0, 1, 2… 31.
ONION = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp3kead.onion"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("REGISTER_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _load_refused(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(f"REGISTER_{name}", value)
    with pytest.raises(ConfigError) as refused:
        config.load()
    return refused.value


def test_the_defaults_are_for_a_loopback_address(tmp_path):
    settings = config.load()
    assert settings.instance == tmp_path / "instance"
    assert settings.base_url == "http://127.0.0.1:5000"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/register.sqlite3"
    assert (settings.is_loopback, settings.is_https, settings.host) == (True, False, "127.0.0.1")
    assert (settings.single_moderator, settings.trusted_proxies) == (False, 0)
    assert settings.require_2fa
    assert settings.seal_dir is None
    assert (settings.key_store_url, settings.limiter_url) == ("", "memory://")
    assert (settings.rate_limits, settings.undecided_after) == (True, 24)
    assert config.missing_for_public(settings) == []


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("MAIL_URL", "smtp://mail.test", "config_mail_both"),
        ("MAIL_FROM", "registre@exemple.test", "config_mail_both"),
        ("BASE_URL", "exemple.test", "config_base_url"),
        ("BASE_URL", "ftp://exemple.test", "config_base_url"),
        ("BASE_URL", "https://", "config_base_url"),
        ("BASE_URL", "https://exemple.test/registre", "config_base_url"),
        ("BASE_URL", "https://exemple.test/?a=1", "config_base_url"),
        ("BASE_URL", "https://exemple.test/#a", "config_base_url"),
        ("BASE_URL", "https://moi@exemple.test", "config_base_url"),
        ("BASE_URL", "https://exemple.test:99999", "config_base_url"),
        ("BASE_URL", "https://exemple.test:0", "config_base_url"),
        ("BASE_URL", "http://[::1", "config_base_url"),
        ("BASE_URL", "http://exemple.test", "config_https"),
        ("BASE_URL", "http://127.0.0.1.exemple.test", "config_https"),
        ("BASE_URL", "http://exemple.onion", "config_https"),
        ("BASE_URL", f"http://{'a' * 56}.onion", "config_https"),
        ("BASE_URL", f"http://{ONION}.exemple.test", "config_https"),
        ("BASE_URL", "http://onion", "config_https"),
        ("ONION_URL", f"http://{ONION}", "config_onion"),
        ("DATABASE_URL", "register.sqlite3", "config_database"),
        ("DATABASE_URL", "mysql://exemple.test/register", "config_database"),
        ("DATABASE_URL", "sqlite://", "config_database"),
        ("DATABASE_URL", "sqlite:///:memory:", "config_database"),
        ("DATABASE_URL", "sqlite:///file:/srv/r.sqlite3?uri=true", "config_database"),
        ("SINGLE_MODERATOR", "yes", "config_switch"),
        ("SINGLE_MODERATOR", "On", "config_switch"),
        ("SINGLE_MODERATOR", "1", "config_switch"),
        ("REQUIRE_2FA", "no", "config_switch"),
        ("REQUIRE_2FA", "OFF", "config_switch"),
        ("TRUSTED_PROXIES", "-1", "config_number"),
        ("TRUSTED_PROXIES", "9", "config_number"),
        ("TRUSTED_PROXIES", "١", "config_number"),
        ("TRUSTED_PROXIES", "1.0", "config_number"),
        ("TRUSTED_PROXIES", "000001", "config_number"),
        ("KEY_STORE_URL", "keys.sqlite3", "config_database"),
        ("KEY_STORE_URL", "mysql://exemple.test/keys", "config_database"),
        ("KEY_STORE_URL", "sqlite:///:memory:", "config_database"),
        ("LIMITER_URL", "memory", "config_limiter"),
        ("LIMITER_URL", "memcached://exemple.test", "config_limiter"),
        ("LIMITER_URL", "memory://exemple.test", "config_limiter"),
        ("RATE_LIMITS", "no", "config_switch"),
        ("RATE_LIMITS", "5/minute", "config_switch"),
        ("EVIDENCE_URL", "evidence", "config_evidence"),
        ("EVIDENCE_URL", "s3:///prefix", "config_evidence"),
        ("EVIDENCE_URL", "s3://bucket/prefix?region=eu", "config_evidence"),
        ("EVIDENCE_FILE_MB", "0", "config_number"),
        ("EVIDENCE_FILES", "many", "config_number"),
        ("REPLICA_URL", "postgresql://replica/register", "config_replica"),
        ("REPLICA_URL", "redis://replica", "config_database"),
        ("DATABASE_CONNECTIONS", "4", "config_number"),
        ("UNDECIDED_AFTER", "11", "config_number"),
        ("UNDECIDED_AFTER", "121", "config_number"),
        ("UNDECIDED_AFTER", "0", "config_number"),
        ("UNDECIDED_AFTER", "-24", "config_number"),
        ("UNDECIDED_AFTER", "٢٤", "config_number"),
        ("UNDECIDED_AFTER", "24 mois", "config_number"),
        ("SEARCH", "sqlite", "config_search"),
        ("SEARCH", "Whoosh", "config_search"),
        ("SEARCH", "postgresql", "config_search_database"),
        ("PUBLISHER_NAME", "x" * 501, "config_text"),
        ("PUBLISHER_NAME", "Une\nAssociation", "config_text"),
        ("CONTACT_EMAIL", "a\x07b", "config_text"),
    ],
)
def test_an_invalid_value_is_refused(monkeypatch, name, value, key):
    refused = _load_refused(monkeypatch, **{name: value})
    assert (refused.key, refused.values["name"]) == (key, f"REGISTER_{name}")


@pytest.mark.parametrize("address", [f"http://{ONION}", f"http://www.{ONION}", f"http://{ONION}/"])
def test_an_onion_address_needs_no_certificate(monkeypatch, address):
    monkeypatch.setenv("REGISTER_BASE_URL", address)
    settings = config.load()
    assert settings.base_url == address.rstrip("/")
    assert (settings.is_https, settings.is_secure, settings.is_loopback) == (False, True, False)
    # It still counts as public.
    assert config.missing_for_public(settings)
    monkeypatch.setenv("REGISTER_REQUIRE_2FA", "off")
    assert _load_refused(monkeypatch).key == "config_protection"


def test_an_onion_address_may_be_added_to_a_public_one(monkeypatch):
    monkeypatch.setenv("REGISTER_BASE_URL", "https://registre.example")
    monkeypatch.setenv("REGISTER_ONION_URL", f"http://{ONION}/")
    settings = config.load()
    assert (settings.onion_url, settings.onion_host) == (f"http://{ONION}", ONION)
    assert settings.is_secure
    for other in ("https://autre.example", f"http://{ONION}/page", "http://court.onion", "x"):
        assert _load_refused(monkeypatch, ONION_URL=other).key == "config_onion"


def test_a_refused_secret_is_not_repeated(monkeypatch):
    refused = _load_refused(monkeypatch, DATABASE_URL="mysql://u:motdepasse@h/d")
    assert "motdepasse" not in str(refused)
    for name in ("KEY_STORE_URL", "LIMITER_URL"):
        variables = {"DATABASE_URL": "", "KEY_STORE_URL": "", name: "mysql://u:motdepasse@h/d"}
        assert "motdepasse" not in str(_load_refused(monkeypatch, **variables)), name


@pytest.mark.parametrize("name", ["BASE_URLS", "SINGLE_MODERATEUR", "X"])
def test_an_unknown_variable_is_refused(monkeypatch, name):
    refused = _load_refused(monkeypatch, **{name: "on"})
    assert (refused.key, refused.values) == ("config_unknown", {"name": f"REGISTER_{name}"})


def test_a_seal_folder_inside_the_data_folder_is_refused(monkeypatch, tmp_path):
    for inside in ("instance", "instance/seal", "instance/../instance/seal"):
        refused = _load_refused(monkeypatch, SEAL_DIR=str(tmp_path / inside))
        assert refused.key == "config_seal_inside", inside
    monkeypatch.setenv("REGISTER_SEAL_DIR", "seal")
    assert config.load().seal_dir == tmp_path / "seal"


def test_a_key_store_in_the_registers_database_is_refused(monkeypatch):
    """A backup of the database would contain the keys of its reports."""
    same = "postgresql://u@h/d"
    refused = _load_refused(monkeypatch, DATABASE_URL=same, KEY_STORE_URL=same)
    assert refused.key == "config_key_store"
    for other in ("postgresql://v:p@h:5432/d", "postgresql+psycopg://u@h/d?sslmode=require"):
        refused = _load_refused(monkeypatch, DATABASE_URL=same, KEY_STORE_URL=other)
        assert refused.key == "config_key_store", other
    refused = _load_refused(
        monkeypatch, DATABASE_URL="sqlite:///a/r.db", KEY_STORE_URL="sqlite:///./a/../a/r.db"
    )
    assert refused.key == "config_key_store"
    monkeypatch.setenv("REGISTER_DATABASE_URL", "")
    refused = _load_refused(monkeypatch, KEY_STORE_URL="sqlite:///instance/keys.sqlite3")
    assert refused.key == "config_key_store"
    monkeypatch.setenv("REGISTER_KEY_STORE_URL", "postgresql://u@h/keys")
    assert config.load().key_store_url == "postgresql+psycopg://u@h/keys"


def test_attempts_are_counted_locally_or_in_redis(monkeypatch):
    for address in ("memory://", "redis://h:6379/0", "rediss://h", "redis+unix:///run/redis"):
        monkeypatch.setenv("REGISTER_LIMITER_URL", address)
        assert config.load().limiter_url == address


def test_a_symlink_into_the_data_folder_is_refused_too(monkeypatch, tmp_path):
    (tmp_path / "instance").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "instance")
    assert _load_refused(monkeypatch, SEAL_DIR="elsewhere/seal").key == "config_seal_inside"


@pytest.mark.parametrize(
    ("value", "loopback", "https"),
    [
        ("http://localhost:8000", True, False),
        ("http://demo.localhost", True, False),
        ("http://[::1]:5000", True, False),
        ("http://127.8.8.8", True, False),
        ("https://registre.exemple.test", False, True),
        ("HTTPS://Registre.Exemple.test/", False, True),
    ],
)
def test_loopback_and_https_addresses_are_recognised(monkeypatch, value, loopback, https):
    monkeypatch.setenv("REGISTER_BASE_URL", value)
    settings = config.load()
    assert (settings.is_loopback, settings.is_https) == (loopback, https)
    assert settings.host == settings.host.lower()
    assert not settings.base_url.endswith("/")


def test_postgresql_uses_psycopg(monkeypatch):
    monkeypatch.setenv("REGISTER_DATABASE_URL", "postgresql://u:p%40ss@h/d?host=/run")
    assert config.load().database_url == "postgresql+psycopg://u:p%40ss@h/d?host=%2Frun"


@pytest.mark.parametrize(
    ("database", "setting", "expected"),
    [
        ("", "", "whoosh"),
        ("", "whoosh", "whoosh"),
        ("postgresql://h/d", "", "postgresql"),
        ("postgresql://h/d", "postgresql", "postgresql"),
        ("postgresql://h/d", "whoosh", "whoosh"),
    ],
)
def test_search_uses_the_databases_engine_unless_another_is_configured(
    monkeypatch, database, setting, expected
):
    monkeypatch.setenv("REGISTER_DATABASE_URL", database)
    monkeypatch.setenv("REGISTER_SEARCH", setting)
    assert config.load().search == expected


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("postgresql://u:motdepasse@h/d\n")
    monkeypatch.setenv("REGISTER_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert config.load().database_url == "postgresql+psycopg://u:motdepasse@h/d"


def test_a_missing_secret_file_is_named(monkeypatch, tmp_path):
    refused = _load_refused(monkeypatch, DATABASE_URL_FILE=str(tmp_path / "nowhere"))
    assert (refused.key, refused.values) == ("config_file", {"name": "REGISTER_DATABASE_URL_FILE"})


def test_a_public_address_requires_the_legal_notice(monkeypatch):
    monkeypatch.setenv("REGISTER_BASE_URL", "https://registre.exemple.test")
    assert config.missing_for_public(config.load()) == [
        f"REGISTER_{n.upper()}" for n in LEGAL_FIELDS
    ]
    for name in LEGAL_FIELDS:
        monkeypatch.setenv(f"REGISTER_{name.upper()}", "Une association")
    assert config.missing_for_public(config.load()) == []


@pytest.mark.parametrize(
    ("address", "passes"),
    [
        ("http://127.0.0.1:5000", True),
        ("http://demo.localhost", True),
        ("https://registre.exemple.test", False),
        ("https://127.0.0.1.exemple.test", False),
    ],
)
@pytest.mark.parametrize("name", ["require_2fa", "rate_limits"])
def test_a_protection_can_be_disabled_on_a_loopback_address_only(
    monkeypatch, name, address, passes
):
    monkeypatch.setenv("REGISTER_BASE_URL", address)
    assert getattr(config.load(), name)
    if passes:
        monkeypatch.setenv(f"REGISTER_{name.upper()}", "off")
        assert not getattr(config.load(), name)
    else:
        assert _load_refused(monkeypatch, **{name.upper(): "off"}).key == "config_protection"


def test_settings_are_immutable(monkeypatch):
    settings = config.load()
    with pytest.raises(FrozenInstanceError):
        settings.base_url = "https://exemple.test"


def test_every_setting_has_a_variable_of_its_name():
    assert config.variable_names() == [
        f"REGISTER_{field.name.upper()}" for field in fields(Settings)
    ]


@pytest.mark.parametrize("name", ["REGISTER_SECRET_KEY", "REGISTER_SECRET_KEY_FILE"])
def test_the_secret_key_of_former_versions_is_ignored_and_named(monkeypatch, name):
    assert config.ignored_variables() == []
    monkeypatch.setenv(name, "court")
    config.load()
    assert config.ignored_variables() == [name]


@pytest.mark.parametrize(
    "url",
    [
        "mail.test",
        "http://mail.test",
        "smtp://",
        "smtp://mail.test:0",
        "smtp://mail.test:99999",
        "smtp://mail.test/path",
        "smtp://mail.test?starttls=off",
        "smtp://user@mail.test",
        "smtp://user:pass%0Aword@mail.test",
        "smtp://[::1",
    ],
)
def test_a_mail_server_that_is_none_is_refused_and_not_repeated(monkeypatch, url):
    refused = _load_refused(monkeypatch, MAIL_URL=url, MAIL_FROM="registre@exemple.test")
    assert (refused.key, refused.values) == ("config_mail_url", {"name": "REGISTER_MAIL_URL"})


@pytest.mark.parametrize(
    "sender",
    [
        "registre",
        "registre@localhost",
        "a@exemple.test, b@exemple.test",
        "Moi <a@exemple.test> b@exemple.test",
        "@exemple.test",
        "é@exemple.test",
        "Moi <>",
    ],
)
def test_a_sending_address_that_is_none_is_refused(monkeypatch, sender):
    refused = _load_refused(monkeypatch, MAIL_URL="smtp://mail.test", MAIL_FROM=sender)
    assert refused.key == "config_mail_from"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.test", ("mail.test", 587, "", "", False, True)),
        ("smtp://moi:p%40sse@mail.test:2525", ("mail.test", 2525, "moi", "p@sse", False, True)),
        ("smtps://moi:passe@mail.test/", ("mail.test", 465, "moi", "passe", True, False)),
        ("smtp://127.0.0.1", ("127.0.0.1", 25, "", "", False, False)),
        ("smtp://localhost?starttls=on", ("localhost", 25, "", "", False, True)),
    ],
)
def test_a_mail_server_is_asked_for_encryption_unless_it_is_this_machine(
    monkeypatch, url, expected
):
    monkeypatch.setenv("REGISTER_MAIL_URL", url)
    monkeypatch.setenv("REGISTER_MAIL_FROM", "Web Citoyen <registre@exemple.test>")
    settings = config.load()
    assert settings.mail_from == "Web Citoyen <registre@exemple.test>"
    assert astuple(parse_mail_url(settings.mail_url)) == expected
