"""Settings from ``REGISTER_…`` variables, validated and frozen at start.

Each may also come from a file named by ``REGISTER_…_FILE``, which keeps secrets out of the
environment. An unknown ``REGISTER_`` variable is refused: it is most often a misspelling, and a
misspelt protection would be silently off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from environs import EnvError, FileAwareEnv
from sqlalchemy.engine import make_url

from register.database_urls import (
    PREFIX,
    is_inside,
    parse_database_url,
    parse_key_store_url,
    parse_replica_url,
)
from register.errors import ConfigError
from register.hosts import is_loopback, is_onion
from register.mail_urls import check_mail
from register.postgresql import DEFAULT_CONNECTIONS, FEWEST_CONNECTIONS
from register.site_urls import parse_base_url, parse_onion_url

# Settings of former versions: still allowed, and ignored.
RETIRED = ("SECRET_KEY",)
MEMORY = "memory://"
WHOOSH, POSTGRESQL = SEARCH_ENGINES = ("whoosh", "postgresql")


@dataclass(frozen=True)
class Settings:
    """Every setting of the register. Field ``base_url`` is ``REGISTER_BASE_URL``, and so on."""

    instance: Path
    """Data folder. Default ``instance`` in the current folder, where ``init`` is run."""

    evidence_url: str
    """Where sealed evidence files are: a folder, or ``s3://bucket/prefix`` (with ``?endpoint=…``
    for another provider than Amazon). Default the folder ``evidence`` in the data folder."""

    evidence_file_mb: int
    """Largest evidence file in megabytes. Default 500: a sitting filmed by a phone for an hour."""

    evidence_files: int
    """Files that a report or a message may have. Default 10."""

    base_url: str
    """Public address, without a trailing slash. Default loopback: nothing is public by accident."""

    onion_url: str
    """Address of the same register as a Tor onion service, beside a public one. Empty by default:
    the operator runs Tor. Tor Browser offers it to readers, whom no exit then sees."""

    database_url: str
    """SQLAlchemy URL. Default SQLite in the data folder: nothing else to install."""

    database_connections: int
    """Connections to PostgreSQL that one process opens at most. Default 8: eight processes, a
    worker and the commands stay under the server's own default of 100."""

    replica_url: str
    """SQLAlchemy URL of a streaming replica of the database, for anonymous readers while it is not
    behind. None by default."""

    seal_dir: Path | None
    """Folder of the seal key. Default: the user's state folder, by instance id, because a backup
    of the data folder must never hold the key that opens it."""

    key_store_url: str
    """SQLAlchemy URL of the key store. Default: a file beside the seal key. With several machines,
    a database of its own; never that of the register, whose backups would contain the keys."""

    limiter_url: str
    """Where requests are counted: ``memory://``, the default, in each process, or ``redis://…`` for
    several. The Redis must write nothing to disk, because the counters derive from addresses."""

    rate_limits: bool
    """``on`` by default. ``off`` disables limits, minimum time and honeypot field, for tests and
    demonstrations, and is refused elsewhere."""

    undecided_after: int
    """Months after which an undecided report is declined. Default 24: after two years there is
    little left to check."""

    single_moderator: bool
    """``on`` for an association with one moderator: no second person is required, and the case
    says so. Default ``off``: the second reader protects the person written about."""

    require_2fa: bool
    """Whether members need a second factor. Default ``on``: otherwise a guessed or observed
    password is enough to publish. ``off`` is for demonstrations, and refused elsewhere."""

    publisher_name: str
    """Who publishes (loi du 29 juillet 1982, art. 93-3; LCEN art. 1-1). Empty by default, and
    required before a public start: the law requires a publisher."""

    publisher_director: str
    """Directeur de la publication; see ``publisher_name``."""

    publisher_address: str
    """Postal address of the publisher; see ``publisher_name``."""

    publisher_phone: str
    """Telephone of the publisher; see ``publisher_name``."""

    hosting_name: str
    """Who hosts the site; see ``publisher_name``."""

    hosting_address: str
    """Postal address of the host; see ``publisher_name``."""

    hosting_phone: str
    """Telephone of the host; see ``publisher_name``."""

    contact_email: str
    """Where readers, authorities and RGPD requests write; see ``publisher_name``."""

    trusted_proxies: int
    """Number of proxies in front, whose ``X-Forwarded`` headers are trusted. Default 0, because
    any client can send such headers."""

    link_checks: bool
    """Whether the worker looks now and then whether the sources of public cases still answer; their
    hosts see the register's address. Default ``on``, but ``off`` for a loopback address: a
    demonstration asks nobody."""

    mail_url: str
    """``smtp://user:password@host:587`` or ``smtps://…``. Empty by default: nothing is sent."""

    mail_from: str
    """Address that sends, with or without a name; goes with ``mail_url``."""

    metrics_token: str
    """With which a monitor reads ``/metrics`` from elsewhere. Empty by default: only a program of
    this machine, which asks the register directly, may."""

    search: str
    """``whoosh``: an index in a folder, nothing else to install. ``postgresql``: in the database
    itself, one index for all machines. Default: the database's own where it has one."""

    @property
    def evidence_file_bytes(self) -> int:
        """Bytes of the largest evidence file."""
        return self.evidence_file_mb * 1_000_000

    @property
    def host(self) -> str:
        """The host name of the public address, lower case."""
        return (urlsplit(self.base_url).hostname or "").lower()

    @property
    def onion_host(self) -> str:
        """The host name of the onion address, lower case; empty when there is none."""
        return (urlsplit(self.onion_url).hostname or "").lower()

    @property
    def is_loopback(self) -> bool:
        """True when the public address is this machine's own."""
        return is_loopback(self.host)

    @property
    def is_https(self) -> bool:
        """True when readers come by HTTPS."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def is_secure(self) -> bool:
        """True when the connection is encrypted: by HTTPS, or through Tor.

        Browsers accept Secure cookies at an onion address, as over HTTPS.
        """
        return self.is_https or is_onion(self.host)


LEGAL_FIELDS = tuple(
    field.name
    for field in fields(Settings)
    if field.name.startswith(("publisher_", "hosting_", "contact_"))
)


def variable_names() -> list[str]:
    """The names of all variables."""
    return [PREFIX + field.name.upper() for field in fields(Settings)]


class _Variables:
    """The variables, each from the environment or from the file that it names."""

    def __init__(self) -> None:
        self._env = FileAwareEnv(prefix=PREFIX, strip_whitespace=True)

    def text(self, name: str) -> str:
        """The text of a variable; empty when it is not set."""
        try:
            return self._env.str(name, "").strip()
        except (EnvError, ValueError) as error:
            raise ConfigError("config_file", name=f"{PREFIX}{name}_FILE") from error

    def number(self, name: str, default: int, least: int, limit: int) -> int:
        """A number between two others."""
        raw = self.text(name) or str(default)
        is_number = raw.isascii() and raw.isdigit() and len(raw) <= 3
        if not (is_number and least <= int(raw) <= limit):
            name = PREFIX + name
            raise ConfigError("config_number", name=name, value=raw, least=least, limit=limit)
        return int(raw)

    def switch(self, name: str, default: str, *, may_be_off: bool = True) -> bool:
        """Whether a switch is on."""
        raw = self.text(name) or default
        if raw not in ("on", "off"):
            raise ConfigError("config_switch", name=PREFIX + name, value=raw)
        if raw == "off" and not may_be_off:
            raise ConfigError("config_protection", name=PREFIX + name)
        return raw == "on"


def load() -> Settings:
    """Read the settings from the environment.

    :raises ConfigError: an invalid value, or a variable that does not exist.
    """
    _refuse_unknown()
    env = _Variables()
    instance = Path(env.text("INSTANCE") or "instance").absolute()
    base_url = parse_base_url(env.text("BASE_URL") or "http://127.0.0.1:5000")
    is_local = is_loopback((urlsplit(base_url).hostname or "").lower())
    default_url = f"sqlite:///{instance / 'register.sqlite3'}"
    database_url = parse_database_url(env.text("DATABASE_URL") or default_url)
    return Settings(
        instance=instance,
        evidence_url=_evidence_url(env.text("EVIDENCE_URL")),
        evidence_file_mb=env.number("EVIDENCE_FILE_MB", 500, 1, 999),
        evidence_files=env.number("EVIDENCE_FILES", 10, 1, 100),
        base_url=base_url,
        onion_url=parse_onion_url(env.text("ONION_URL"), base_url),
        database_url=database_url,
        database_connections=env.number(
            "DATABASE_CONNECTIONS", DEFAULT_CONNECTIONS, FEWEST_CONNECTIONS, 99
        ),
        replica_url=parse_replica_url(env.text("REPLICA_URL"), database_url),
        seal_dir=_seal_dir(env.text("SEAL_DIR"), instance),
        key_store_url=parse_key_store_url(env.text("KEY_STORE_URL"), database_url, instance),
        limiter_url=_limiter_url(env.text("LIMITER_URL") or MEMORY),
        rate_limits=env.switch("RATE_LIMITS", "on", may_be_off=is_local),
        # At least twelve: a report is overdue after a year, before it is declined.
        undecided_after=env.number("UNDECIDED_AFTER", 24, 12, 120),
        single_moderator=env.switch("SINGLE_MODERATOR", "off"),
        require_2fa=env.switch("REQUIRE_2FA", "on", may_be_off=is_local),
        **{name: _short_text(name.upper(), env.text(name.upper())) for name in LEGAL_FIELDS},
        trusted_proxies=env.number("TRUSTED_PROXIES", 0, 0, 8),
        link_checks=env.switch("LINK_CHECKS", "off" if is_local else "on"),
        **check_mail(env.text("MAIL_URL"), env.text("MAIL_FROM")),
        metrics_token=_token(env.text("METRICS_TOKEN")),
        search=_search(env.text("SEARCH"), database_url),
    )


def missing_for_public(settings: Settings) -> list[str]:
    """The variables of the legal notice that are missing for a public address."""
    if settings.is_loopback:
        return []
    return [PREFIX + name.upper() for name in LEGAL_FIELDS if not getattr(settings, name)]


def ignored_variables() -> list[str]:
    """The retired variables that are set."""
    retired = {PREFIX + name + suffix for name in RETIRED for suffix in ("", "_FILE")}
    return sorted(retired & set(os.environ))


def _refuse_unknown() -> None:
    allowed = set(variable_names()) | {PREFIX + name for name in RETIRED}
    allowed |= {name + "_FILE" for name in allowed}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in allowed:
            raise ConfigError("config_unknown", name=name)


def _limiter_url(raw: str) -> str:
    scheme = urlsplit(raw).scheme
    if raw != MEMORY and scheme not in ("redis", "rediss", "redis+unix"):
        raise ConfigError("config_limiter", name=PREFIX + "LIMITER_URL")
    return raw


def _search(raw: str, database_url: str) -> str:
    is_postgresql = make_url(database_url).get_backend_name() == "postgresql"
    if raw not in ("", *SEARCH_ENGINES):
        raise ConfigError("config_search", name=PREFIX + "SEARCH", value=raw)
    if raw == POSTGRESQL and not is_postgresql:
        raise ConfigError("config_search_database", name=PREFIX + "SEARCH")
    return raw or (POSTGRESQL if is_postgresql else WHOOSH)


def _evidence_url(raw: str) -> str:
    parts = urlsplit(raw)
    is_bucket = parts.scheme == "s3" and parts.netloc
    has_other_query = parts.query and not parts.query.startswith("endpoint=http")
    if raw and (has_other_query or not (is_bucket or Path(raw).is_absolute())):
        raise ConfigError("config_evidence", name=PREFIX + "EVIDENCE_URL")
    return raw


def _seal_dir(raw: str, instance: Path) -> Path | None:
    if not raw:
        return None
    path = Path(raw).resolve()
    if is_inside(path, instance):
        # A backup of the data folder would contain the key that decrypts it.
        raise ConfigError("config_seal_inside", name=PREFIX + "SEAL_DIR", value=raw)
    return path


def _token(raw: str) -> str:
    is_plain = raw.isascii() and raw.isprintable() and " " not in raw
    if raw and not (is_plain and 32 <= len(raw) <= 200):
        raise ConfigError("config_token", name=PREFIX + "METRICS_TOKEN")
    return raw


def _short_text(name: str, raw: str) -> str:
    if len(raw) > 500 or any(ord(letter) < 32 for letter in raw):
        raise ConfigError("config_text", name=PREFIX + name, limit=500)
    return raw
