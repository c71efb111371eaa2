"""What an operator may set, gathered from defaults < TOML files < environment `CALOTYPE_*` < flags.

Each part owns its options; `Settings` joins them into one flat name space, so that `limit_max` in a file,
`CALOTYPE_LIMIT_MAX` and `--limit-max` are the same option. Source: docs/operate/configure.md.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints
from urllib.parse import urlsplit

import msgspec
from cyclopts import App, ArgumentCollection, CycloptsError, Parameter, Token
from cyclopts.config import Dict, Env
from cyclopts.validators import Number

from calotype.domain.errors import Invalid
from calotype.http.options import HttpOptions
from calotype.service.options import ServiceOptions

ENV_PREFIX: Final = "CALOTYPE_"
FILE_NAME: Final = "calotype.toml"
DATABASE_FILE_NAME: Final = "catalogue.sqlite"


#: The largest number that a database holds.
LARGEST: Final = (1 << 63) - 1

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


Hidden = Parameter(converter=_read_secret, accepts_keys=False, n_tokens=1)
Flat = Parameter(name="*")
Shown = Parameter(show=True)


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Where the service runs and what it offers."""

    config: Annotated[tuple[Path, ...], Shown] = ()
    """TOML files to read, a later one above an earlier one; DATA/calotype.toml stands below them all."""
    data_dir: Annotated[Path, Shown] = Path("data")
    """Folder of catalogue, image data and credentials; made if it is absent."""
    database: Annotated[Secret | None, Shown, Hidden] = None
    """URL of the catalogue, sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; none: DATA/catalogue.sqlite."""
    host: str = "127.0.0.1"
    """Address to listen at."""
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 9292
    """TCP port to listen at; 0 takes a free one and the ready line names it."""
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=1))] = 1
    """Web worker processes; this release runs one."""
    ephemeral: bool = False
    """Keep everything in a private temporary folder that goes when the service ends; nothing survives a crash."""
    upgrade: bool = True
    """Upgrade the catalogue of an older release at the start; --no-upgrade refuses to start instead."""
    v1_enabled: bool = True
    """Offer the Image API v1 under /v1, /v1.0 and /v1.1."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that is in force."""

    serve: Annotated[ServeOptions, Flat] = field(default_factory=ServeOptions)
    images: Annotated[ServiceOptions, Flat] = field(default_factory=ServiceOptions)
    http: Annotated[HttpOptions, Flat] = field(default_factory=HttpOptions)

    def __post_init__(self) -> None:
        """Raises Invalid for values that no part could work with."""
        for part in (self.serve, self.images, self.http):
            for option in fields(part):
                _check_range(option.name, getattr(part, option.name))
        _check_database_url(self.database_url)
        if (url := self.http.public_endpoint) is not None and not url.startswith(("http://", "https://")):
            raise Invalid("public_endpoint", url, "begins neither with http:// nor with https://")

    @property
    def database_url(self) -> Secret:
        if self.serve.database is not None:
            return self.serve.database
        return Secret(f"sqlite:///{self.serve.data_dir.absolute() / DATABASE_FILE_NAME}")

    def in_folder(self, data_dir: Path) -> "Settings":
        """The same with its data in the folder that was found or made for them."""
        return replace(self, serve=replace(self.serve, data_dir=data_dir))


#: Numbers that mean something below one; all others are at least one.
_SMALLEST: Final = {
    "port": 0,
    "property_quota": -LARGEST,
    "image_size_cap_bytes": 0,
    "limit_default": 0,
    "limit_max": 0,
    "leftover_max_bytes": 0,
    "logins_waiting_max": 0,
}


def _check_range(name: str, value: object) -> None:
    match value:
        case bool():
            pass
        case int() if not _SMALLEST.get(name, 1) <= value <= LARGEST:
            raise Invalid(name, value, f"not from {_SMALLEST.get(name, 1)} to {LARGEST}")
        case float() if not 0 <= value <= LONGEST_S:
            raise Invalid(name, value, f"not from 0 to {LONGEST_S:g} seconds")


def _check_database_url(url: Secret) -> None:
    if not url.reveal().startswith(("sqlite:///", "postgresql://")):
        raise Invalid("database", url, "begins neither with sqlite:/// nor with postgresql://")
    try:
        urlsplit(url.reveal()).port  # noqa: B018 -- raises for what is no number
    except ValueError as error:
        raise Invalid("database", url, "the port is not a number from 0 to 65535") from error


#: The parts whose options `Settings` joins; no two have an option of the same name.
PARTS: Final = (ServeOptions, ServiceOptions, HttpOptions)

#: A command takes all options as its parameter `settings: Options = Settings()`.
Options = Annotated[Settings, Flat]

#: The same for commands that only need to find the data: the rest may be given, but `--help` does not list it.
DataOptions = Annotated[Settings, Parameter(name="*", show=False)]

_origins: ContextVar[dict[str, str]] = ContextVar("origins")


def origins() -> dict[str, str]:
    """Where the value of each option that is not a default came from, by the option's name; of the command running."""
    return _origins.get()


def fill(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Give the options that no flag named their values from environment and files, the stronger source first.

    Raises CycloptsError, which names the option and its source, for what is unknown, absent or of the wrong type.
    """
    options = arguments.copy()
    options[:] = [argument for argument in arguments if argument.keys]  # a command's own arguments are not options
    if not options:
        return
    _refuse_unknown_variables()
    Env(ENV_PREFIX, command=False)(app, commands, options)
    for path in _files(options):
        _read_file(path)(app, commands, options)
    if options["--ephemeral"].convert() and _tokens(options, "data_dir"):
        raise CycloptsError(msg="An ephemeral service makes its own data folder: give ephemeral or data_dir, not both.")
    _origins.set({argument.field_info.name: _origin(argument.tokens[-1]) for argument in options if argument.tokens})


def _files(options: ArgumentCollection) -> Iterator[Path]:
    """The files to read, the strongest first; asked step by step, since each may say where the data folder is."""
    yield from (Path(path) for path in reversed(_tokens(options, "config")))
    if not options["--ephemeral"].convert():
        data_dir = _tokens(options, "data_dir") or [str(ServeOptions.data_dir)]
        beside_data = Path(data_dir[-1], FILE_NAME)
        if beside_data.exists():
            yield beside_data


def _tokens(options: ArgumentCollection, name: str) -> list[str]:
    return [token.value for argument in options if argument.field_info.name == name for token in argument.tokens]


def _origin(token: Token) -> str:
    return {"cli": f"flag {token.keyword}", "env": f"env {token.keyword}"}.get(token.source, f"file {token.source}")


def _read_file(path: Path) -> Dict:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CycloptsError(msg=f"The configuration file {path} does not exist.") from error
    except OSError as error:
        raise CycloptsError(msg=f"The configuration file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CycloptsError(msg=f"The configuration file {path} is not TOML: {error}.") from error
    for name, value in values.items():
        _check_type(name, value, path)
    return Dict(values, source=str(path), use_commands_as_keys=False)


def _check_type(name: str, value: object, path: Path) -> None:
    if name not in _types() or name == "config":
        raise CycloptsError(msg=f"Unknown option: {name} in {path}.")
    try:
        msgspec.convert(value, _types()[name], dec_hook=_expect_text)
    except msgspec.ValidationError as error:
        raise CycloptsError(msg=f"Invalid value for {name} in {path}: {error}.") from error


@cache
def _types() -> dict[str, Any]:
    return {name: hint for part in PARTS for name, hint in get_type_hints(part).items()}


def _expect_text(wanted: type, value: object) -> object:
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return wanted(value)


def _refuse_unknown_variables() -> None:
    known = {ENV_PREFIX + name.upper() for name in _types()}
    for name in sorted(os.environ):
        if name.startswith(ENV_PREFIX) and name not in known:
            raise CycloptsError(msg=f"Unknown option: {name} in the environment.")


def values(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each option's name and its value as a TOML file would say it; a secret as `***`, one without value as `none`."""
    for part in (getattr(settings, member.name) for member in fields(settings)):
        for option in fields(part):
            yield option.name, _as_toml(getattr(part, option.name))


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
