"""Settings: read once from ``REGISTER_…`` variables, frozen, and refused when they make no sense.

Each may also come from a file named by ``REGISTER_…_FILE``, so that a secret need not stand in
the environment. An unknown ``REGISTER_`` variable is refused too: it is most often a misspelling,
and a misspelt safety setting is an open door that looks shut.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from environs import EnvError, FileAwareEnv
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from register.errors import ConfigError
from register.hosts import is_loopback, is_onion

PREFIX = "REGISTER_"
# Settings of former versions: still allowed, and ignored.
RETIRED = ("SECRET_KEY",)
WHOOSH, POSTGRESQL = SEARCH_ENGINES = ("whoosh", "postgresql")


@dataclass(frozen=True)
class Settings:
    """Every setting of the register. Field ``base_url`` is ``REGISTER_BASE_URL``, and so on."""

    instance: Path
    """Data folder. Default ``instance`` in the current folder: where the two commands put it."""

    base_url: str
    """Public address, without a trailing slash. Default loopback: nothing is public by accident."""

    onion_url: str
    """Address of the same register as a Tor onion service, beside a public one. Empty by default:
    the operator runs Tor. Tor Browser offers it to readers, whom no exit then sees."""

    database_url: str
    """SQLAlchemy URL. Default SQLite in the data folder: nothing else to install."""

    seal_dir: Path | None
    """Folder of the seal key. Default: the user's state folder, by instance id, because a backup
    of the data folder must never hold the key that opens it."""

    key_store_url: str
    """SQLAlchemy URL of the store of reports' keys. Default: a file beside the seal key. A database
    of its own where several machines serve; never that of the register, whose backups it would be
    in."""

    limiter_url: str
    """Where tries are counted: ``memory://``, the default, in each process, or ``redis://…`` for
    several. A Redis that keeps nothing on disk: an address has no business there."""

    rate_limits: bool
    """``on`` by default. ``off`` lifts limits, minimum time and the trap for robots too, for tests
    and demonstrations, and is refused elsewhere."""

    undecided_after: int
    """Months after which a report that nobody decided is declined. Default 24: nobody's decision is
    not a decision, and after two years there is little left to check."""

    single_moderator: bool
    """``on`` for an association with one moderator: no second person is asked, and the case says
    so. Default ``off``: the second reader is what protects the person written about."""

    require_2fa: bool
    """Whether members need a second factor. Default ``on``: a password alone, guessed or read over
    a shoulder, would publish. ``off`` is for a demonstration, and refused elsewhere."""

    publisher_name: str
    """Who publishes (loi du 29 juillet 1982, art. 93-3; LCEN art. 1-1). Empty by default, and
    asked for before a public start: a register without a publisher is outside the law."""

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
    """How many proxies stand in front and may speak for the reader. Default 0: a header that
    anybody can send is believed from nobody."""

    search: str
    """``whoosh``: an index in a folder, nothing else to install. ``postgresql``: in the database
    itself, one index for all machines. Default: the database's own where it has one."""

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
        """True when nobody on the way can read what is sent: by HTTPS, or through Tor.

        A browser that opens an onion address takes Secure cookies there, as over HTTPS.
        """
        return self.is_https or is_onion(self.host)


LEGAL_FIELDS = (
    "publisher_name",
    "publisher_director",
    "publisher_address",
    "publisher_phone",
    "hosting_name",
    "hosting_address",
    "hosting_phone",
    "contact_email",
)


def variable_names() -> list[str]:
    """The variables that exist, for the documentation test and the refusal of unknown ones."""
    return [PREFIX + field.name.upper() for field in fields(Settings)]


def load() -> Settings:
    """Read the settings from the environment.

    :raises ConfigError: a value that makes no sense, or a variable that does not exist.
    """
    _refuse_unknown()
    env = FileAwareEnv(prefix=PREFIX, strip_whitespace=True)

    def read(name: str, default: str = "") -> str:
        try:
            return env.str(name, default).strip()
        except (EnvError, ValueError) as error:
            raise ConfigError("config_file", name=f"{PREFIX}{name}_FILE") from error

    instance = Path(read("INSTANCE") or "instance").absolute()
    base_url = _base_url(read("BASE_URL") or "http://127.0.0.1:5000")
    seal_dir = read("SEAL_DIR")
    database_url = _database_url(
        read("DATABASE_URL") or f"sqlite:///{instance / 'register.sqlite3'}"
    )
    return Settings(
        instance=instance,
        base_url=base_url,
        onion_url=_onion_url(read("ONION_URL"), base_url),
        database_url=database_url,
        seal_dir=_seal_dir(seal_dir, instance) if seal_dir else None,
        key_store_url=_key_store_url(read("KEY_STORE_URL"), database_url, instance),
        limiter_url=_limiter_url(read("LIMITER_URL") or "memory://"),
        rate_limits=_protection_switch("RATE_LIMITS", read("RATE_LIMITS") or "on", base_url),
        undecided_after=_months("UNDECIDED_AFTER", read("UNDECIDED_AFTER") or "24"),
        single_moderator=_switch("SINGLE_MODERATOR", read("SINGLE_MODERATOR") or "off"),
        require_2fa=_protection_switch("REQUIRE_2FA", read("REQUIRE_2FA") or "on", base_url),
        **{name: _short_text(name.upper(), read(name.upper())) for name in LEGAL_FIELDS},
        trusted_proxies=_small_number("TRUSTED_PROXIES", read("TRUSTED_PROXIES") or "0"),
        search=_search(read("SEARCH"), database_url),
    )


def missing_for_public(settings: Settings) -> list[str]:
    """The variables of the legal notice that a public address cannot do without."""
    if settings.is_loopback:
        return []
    return [PREFIX + name.upper() for name in LEGAL_FIELDS if not getattr(settings, name)]


def make_instance_folder(settings: Settings) -> None:
    """Make the data folder where there is none.

    :raises ConfigError: ``config_instance``.
    """
    try:
        settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        path = error.filename or settings.instance
        raise ConfigError("config_instance", path=path) from error


def ignored_variables() -> list[str]:
    """The variables that are set and that nothing reads any more."""
    retired = {PREFIX + name + suffix for name in RETIRED for suffix in ("", "_FILE")}
    return sorted(retired & set(os.environ))


def _refuse_unknown() -> None:
    allowed = set(variable_names()) | {PREFIX + name for name in RETIRED}
    allowed |= {name + "_FILE" for name in allowed}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in allowed:
            raise ConfigError("config_unknown", name=name)


def _switch(name: str, value: str) -> bool:
    if value not in ("on", "off"):
        raise ConfigError("config_switch", name=PREFIX + name, value=value)
    return value == "on"


def _protection_switch(name: str, value: str, base_url: str) -> bool:
    """A protection that may be switched off on this machine only."""
    if _switch(name, value):
        return True
    if not is_loopback((urlsplit(base_url).hostname or "").lower()):
        raise ConfigError("config_protection", name=PREFIX + name)
    return False


def _months(name: str, value: str) -> int:
    # Below twelve, what is only overdue would be declined before anybody was told.
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and 12 <= int(value) <= 120):
        raise ConfigError("config_months", name=PREFIX + name, value=value)
    return int(value)


def _limiter_url(value: str) -> str:
    scheme = urlsplit(value).scheme
    if value != "memory://" and scheme not in ("redis", "rediss", "redis+unix"):
        raise ConfigError("config_limiter", name=PREFIX + "LIMITER_URL")
    return value


def _key_store_url(value: str, database_url: str, instance: Path) -> str:
    """Empty for the default, which depends on the instance's id."""
    if not value:
        return ""
    store_url = _database_url(value, "KEY_STORE_URL")
    url = make_url(store_url)
    is_file = url.get_backend_name() == "sqlite"
    is_same = _database_identity(url) == _database_identity(make_url(database_url))
    if is_same or (is_file and _is_inside(Path(url.database or ""), instance)):
        raise ConfigError("config_key_store", name=PREFIX + "KEY_STORE_URL")
    return store_url


def _database_identity(url: URL) -> tuple[object, ...]:
    """Which database a URL leads to, whoever enters it and with whatever options."""
    if url.get_backend_name() == "sqlite":
        return ("sqlite", Path(url.database or "").resolve())
    return (url.get_backend_name(), url.host, url.port or 5432, url.database)


def _is_inside(path: Path, instance: Path) -> bool:
    # Resolved: a link into the data folder is inside it too.
    resolved, folder = path.resolve(), instance.resolve()
    return resolved == folder or folder in resolved.parents


def _small_number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value[:3]) <= 8 and len(value) <= 2):
        raise ConfigError("config_number", name=PREFIX + name, value=value, limit=8)
    return int(value)


def _base_url(value: str) -> str:
    address = _bare_address(value)
    if not address:
        raise ConfigError("config_base_url", name=PREFIX + "BASE_URL", value=value)
    host = (urlsplit(address).hostname or "").lower()
    if urlsplit(address).scheme == "http" and not (is_loopback(host) or is_onion(host)):
        # A reader's search for a commune, read on the wire, tells who worries about whom.
        raise ConfigError("config_https", name=PREFIX + "BASE_URL", value=value)
    return address


def _onion_url(value: str, base_url: str) -> str:
    if not value:
        return ""
    address = _bare_address(value)
    host = (urlsplit(address).hostname or "").lower()
    if not is_onion(host) or urlsplit(base_url).scheme != "https":
        raise ConfigError("config_onion", name=PREFIX + "ONION_URL", value=value)
    return address


def _bare_address(value: str) -> str:
    """An address of a whole site, without a trailing slash; empty when it is none."""
    try:
        parts = urlsplit(value)
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return ""
    if (
        not is_valid
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or parts.username
    ):
        return ""
    return value.rstrip("/")


def _database_url(value: str, name: str = "DATABASE_URL") -> str:
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise ConfigError("config_database", name=PREFIX + name) from error
    if url.get_backend_name() == "postgresql":
        # Only psycopg 3 is installed; a bare "postgresql://" would look for its predecessor.
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    file = url.database if url.get_backend_name() == "sqlite" else ""
    # A file by its path: no other form says which file an acknowledgement is in.
    if file and file != ":memory:" and not file.startswith("file:"):
        return value
    raise ConfigError("config_database", name=PREFIX + name)


def _search(value: str, database_url: str) -> str:
    is_postgresql = make_url(database_url).get_backend_name() == "postgresql"
    if value not in ("", *SEARCH_ENGINES):
        raise ConfigError("config_search", name=PREFIX + "SEARCH", value=value)
    if value == POSTGRESQL and not is_postgresql:
        raise ConfigError("config_search_database", name=PREFIX + "SEARCH")
    return value or (POSTGRESQL if is_postgresql else WHOOSH)


def _seal_dir(value: str, instance: Path) -> Path:
    path = Path(value).resolve()
    if _is_inside(path, instance):
        # A copy of the data folder would then carry the key that opens it.
        raise ConfigError("config_seal_inside", name=PREFIX + "SEAL_DIR", value=value)
    return path


def _short_text(name: str, value: str) -> str:
    if len(value) > 500 or any(ord(letter) < 32 for letter in value):
        raise ConfigError("config_text", name=PREFIX + name, limit=500)
    return value
