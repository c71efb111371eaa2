"""Where the values of options come from: defaults < TOML files < environment `CALOTYPE_*` < flags.

Source: docs/operate/configure.md, "Where options come from".
"""

import os
import tomllib
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec
from cyclopts import App, ArgumentCollection, CycloptsError, Token
from cyclopts.config import Dict, Env

from calotype.config import PARTS, ServeOptions

ENV_PREFIX: Final = "CALOTYPE_"
FILE_NAME: Final = "calotype.toml"

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
