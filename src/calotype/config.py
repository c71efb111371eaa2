"""What an operator may set. Each part owns its options; `Settings` joins them into one flat name space.

So `limit_max` in a file, `CALOTYPE_LIMIT_MAX` and `--limit-max` are the same option; `sources.py` reads them.
Source: docs/operate/configure.md.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote, urlsplit

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from calotype.blobs.options import NamedStore, StoreOptions, read_stores, without_secret
from calotype.catalogue import options as catalogue_options
from calotype.catalogue.options import CatalogueOptions, DatabaseOptions
from calotype.domain.errors import Invalid
from calotype.domain.locations import HTTP_STORE
from calotype.domain.texts import is_storable
from calotype.http.options import HttpOptions
from calotype.service.location_options import LocationOptions
from calotype.service.options import HousekeepingOptions, ServiceOptions

DATABASE_FILE_NAME: Final = "catalogue.sqlite"


#: The largest number that a database holds.
LARGEST: Final = (1 << 63) - 1

#: Of one worker; a server that bears more than a few hundred is rare.
_MOST_CONNECTIONS: Final = 1000

#: Of a server's host, and of single calls of the database: beyond them a time-out is a mistake.
_LONGEST_SILENCE_S: Final = 3600
_SHORTEST_LIMIT_S: Final = 0.1
_LONGEST_LIMIT_S: Final = 86400.0

#: Beyond it the machine is better divided among several services.
MOST_WORKERS: Final = 64

#: A year; beyond it a time-out is a mistake.
LONGEST_S: Final = 365 * 86400.0


class Secret:
    """A text that prints as `***`; only `reveal()` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def _read_secret(_type: Any, tokens: Sequence[Token]) -> Secret:
    return Secret(tokens[0].value)


AsSecret = Parameter(converter=_read_secret, accepts_keys=False, n_tokens=1)
Flat = Parameter(name="*")
Shown = Parameter(show=True)


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Where the service runs and what it offers."""

    config: Annotated[tuple[Path, ...], Shown] = ()
    """TOML files to read, a later one above an earlier one; DATA/calotype.toml stands below them all."""
    data_dir: Annotated[Path, Shown] = Path("data")
    """Folder of catalogue, image data and credentials; made if it is absent."""
    database: Annotated[Secret | None, Shown, AsSecret] = None
    """URL of the catalogue, sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; none: DATA/catalogue.sqlite."""
    host: str = "127.0.0.1"
    """Address to listen at."""
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 9292
    """TCP port to listen at; 0 takes a free one and the ready line names it."""
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=MOST_WORKERS))] = 1
    """Web worker processes, 64 at most; more than there are cores gain nothing."""
    ephemeral: bool = False
    """Keep everything in a private temporary folder that goes when the service ends; nothing survives a crash."""
    upgrade: bool = True
    """Upgrade the catalogue of an older release at the start; --no-upgrade refuses to start instead."""
    auth: str = "embedded"
    """How callers prove who they are: embedded, by accounts in the catalogue; none, not at all: everybody is an admin."""
    v1_enabled: bool = True
    """Offer the Image API v1 under /v1, /v1.0 and /v1.1."""
    log_format: str = "text"
    """Form of the log on standard error: text, or json, an object a line."""
    audit_log: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None
    """File to which every change is written, who made it and of what, an object a line; -: standard output; none: nowhere."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that is in force."""

    serve: Annotated[ServeOptions, Flat] = field(default_factory=ServeOptions)
    database: Annotated[DatabaseOptions, Flat] = field(default_factory=DatabaseOptions)
    stores: Annotated[StoreOptions, Flat] = field(default_factory=StoreOptions)
    images: Annotated[ServiceOptions, Flat] = field(default_factory=ServiceOptions)
    locations: Annotated[LocationOptions, Flat] = field(default_factory=LocationOptions)
    housekeeping: Annotated[HousekeepingOptions, Flat] = field(default_factory=HousekeepingOptions)
    http: Annotated[HttpOptions, Flat] = field(default_factory=HttpOptions)

    def __post_init__(self) -> None:
        """Raises Invalid for values that no part could work with."""
        for part in (self.serve, self.database, self.stores, self.images, self.locations, self.housekeeping, self.http):
            for option in fields(part):
                _check_range(option.name, getattr(part, option.name))
        if not is_storable(str(self.serve.data_dir)):
            raise Invalid("data_dir", self.serve.data_dir, "its name is not UTF-8")
        _check_auth(self.serve.auth)
        _check_logs(self.serve)
        _check_database_url(self.database_url)
        _check_database(self.database)
        _check_addresses(self.http)
        self._check_stores()

    @property
    def database_url(self) -> Secret:
        if self.serve.database is not None:
            return self.serve.database
        return Secret(_SQLITE + quote(str(self.serve.data_dir.absolute() / DATABASE_FILE_NAME)))

    def catalogue(self, *, is_durable: bool = True) -> CatalogueOptions:
        """What the catalogue is opened with."""
        return catalogue_options.of(self.database, self.database_url.reveal(), is_durable=is_durable)

    @property
    def named_stores(self) -> tuple[NamedStore, ...]:
        """The stores of image data, in the operator's order: at least one, and one is the default."""
        return read_stores(self.stores.store, self.serve.data_dir)

    def _check_stores(self) -> None:
        for store in self.named_stores:
            if self.locations.http_locations and store.name == HTTP_STORE:
                raise Invalid("store", store.name, "with http_locations this is the name of the store of URLs")
            outside = store.place is not None or not store.folder.is_relative_to(self.serve.data_dir.absolute())
            if self.serve.ephemeral and outside:
                where = store.folder if store.place is None else store.place.told
                raise Invalid("store", where, "an ephemeral service keeps nothing outside its own folder")

    def in_folder(self, data_dir: Path) -> "Settings":
        """The same with its data in the folder that was found or made for them."""
        return replace(self, serve=replace(self.serve, data_dir=data_dir))


#: Numbers that mean something below one; all others are at least one.
_SMALLEST: Final = {
    "port": 0,
    "property_quota": -LARGEST,
    "tag_quota": -LARGEST,
    "member_quota": -LARGEST,
    "image_size_cap_bytes": 0,
    "location_quota": -LARGEST,
    "http_retries": 0,
    "limit_default": 0,
    "limit_max": 0,
    "leftover_max_bytes": 0,
    "logins_waiting_max": 0,
    "scrub_mib_per_s": 0,
    "scrub_every_days": 0,
    "deleted_kept_days": 0,
}


def _check_range(name: str, value: object) -> None:
    match value:
        case bool():
            pass
        case int() if not _SMALLEST.get(name, 1) <= value <= LARGEST:
            raise Invalid(name, value, f"not from {_SMALLEST.get(name, 1)} to {LARGEST}")
        case float() if not 0 <= value <= LONGEST_S:
            raise Invalid(name, value, f"not from 0 to {LONGEST_S:.0f} seconds")


def _check_auth(auth: str) -> None:
    if auth == "keystone":
        raise Invalid("auth", auth, "this release cannot ask a Keystone; there are embedded and none")
    if auth not in ("embedded", "none"):
        raise Invalid("auth", auth, "is neither embedded nor none")


def _check_logs(serve: ServeOptions) -> None:
    if serve.log_format not in ("text", "json"):
        raise Invalid("log_format", serve.log_format, "is neither text nor json")
    if serve.audit_log is not None and (not serve.audit_log or not is_storable(serve.audit_log)):
        raise Invalid("audit_log", serve.audit_log, "it names no file")


_SQLITE: Final = "sqlite:///"

_ENDPOINT: Final = re.compile(r"https?://[^\s/?#\"<>]+(/[^\s/?#\"<>]+)*")


def _check_addresses(http: HttpOptions) -> None:
    """Raises Invalid for what no client and no proxy can have as its address, and for half of a certificate."""
    if (url := http.public_endpoint) is not None and _ENDPOINT.fullmatch(url) is None:
        raise Invalid("public_endpoint", url, "is not http:// or https://, a host and a path without slash at its end")
    for name in ("trusted_proxies", "metrics_clients"):
        for text in getattr(http, name):
            try:
                ip_network(text)
            except ValueError as error:
                raise Invalid(name, text, "is neither an address nor a network like 10.0.0.0/8") from error
    if (http.tls_cert is None) != (http.tls_key is None):
        given, absent = ("tls_cert", "tls_key") if http.tls_key is None else ("tls_key", "tls_cert")
        raise Invalid(given, getattr(http, given), f"is of no use without {absent}")


def _check_database_url(url: Secret) -> None:
    text = url.reveal()
    if not text.startswith((_SQLITE, "postgresql://")):
        raise Invalid("database", url, "begins neither with sqlite:/// nor with postgresql://")
    if text.startswith(_SQLITE):
        _check_file(url, unquote(text.removeprefix(_SQLITE)), has_query="?" in text)
        return
    try:
        urlsplit(text).port  # noqa: B018 -- raises for what is no number
    except ValueError as error:
        raise Invalid("database", url, "the port is not a number from 0 to 65535") from error


def _check_database(options: DatabaseOptions) -> None:
    """Raises Invalid for limits with which no database could be worked with."""
    if options.database_pool_size > _MOST_CONNECTIONS:
        raise Invalid("database_pool_size", options.database_pool_size, f"not from 1 to {_MOST_CONNECTIONS}")
    for name in ("database_connect_timeout_s", "database_tcp_timeout_s"):
        if getattr(options, name) > _LONGEST_SILENCE_S:
            raise Invalid(name, getattr(options, name), f"not from 1 to {_LONGEST_SILENCE_S} seconds")
    for name in ("database_statement_timeout_s", "database_lock_wait_s"):
        if not _SHORTEST_LIMIT_S <= getattr(options, name) <= _LONGEST_LIMIT_S:
            raise Invalid(
                name, getattr(options, name), f"not from {_SHORTEST_LIMIT_S} to {_LONGEST_LIMIT_S:.0f} seconds"
            )


def _check_file(url: Secret, path: str, *, has_query: bool) -> None:
    """Raises Invalid for what is no file that several processes could share."""
    if path in ("", ":memory:") or "\0" in path:
        raise Invalid("database", url, "it names no file")
    if has_query:
        raise Invalid("database", url, "nothing can be asked of a file; a ? in its name is %3F")


#: The parts whose options `Settings` joins; no two have an option of the same name.
PARTS: Final = (
    ServeOptions,
    DatabaseOptions,
    StoreOptions,
    ServiceOptions,
    LocationOptions,
    HousekeepingOptions,
    HttpOptions,
)

#: A command takes all options as its parameter `settings: Options = Settings()`.
Options = Annotated[Settings, Flat]

#: The same for commands that only need to find the data: the rest may be given, but `--help` does not list it.
DataOptions = Annotated[Settings, Parameter(name="*", show=False)]


def values(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each option's name and its value as a TOML file would say it; a secret as `***`, one without value as `none`."""
    for part in (getattr(settings, member.name) for member in fields(settings)):
        for option in fields(part):
            value = getattr(part, option.name)
            # Who may log in where image data lie may be part of a store's URL.
            yield option.name, _as_toml(tuple(map(without_secret, value)) if option.name == "store" else value)


def _as_toml(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(_as_toml(item) for item in value)}]"
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False)
    return str(value)
