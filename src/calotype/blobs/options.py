"""How an operator names the stores of image data. Source: docs/operate/configure.md, "Stores"."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from calotype.blobs.s3 import places
from calotype.blobs.s3.place import Place
from calotype.domain.errors import Invalid
from calotype.domain.texts import is_storable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """Where image data are kept."""

    store: tuple[str, ...] = field(default=(), repr=False)
    """Stores of image data, each NAME=file:FOLDER below DATA, NAME=file:///FOLDER or NAME=s3://BUCKET/PREFIX, with what is said of it behind a ?; none: local=file:blobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedStore:
    """A store as its option describes it. *kind*: the scheme of its URL. *folder*: where it is, absolute, or *place*, in S3."""

    name: str
    kind: str
    folder: Path = Path()
    place: Place | None = None
    weight: int = 0
    description: str | None = None
    is_default: bool = False
    is_read_only: bool = False


#: What there is where nothing is said: the folder in which image data have always been.
ONLY_LOCAL: Final = ("local=file:blobs",)

KINDS: Final = ("file", "s3")

#: Names that the field keeps for stores of a service's own.
_RESERVED: Final = "os_glance_"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_WEIGHT: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_TRUTHS: Final = {"true": True, "false": False}
_SAID: Final = ("weight", "description", "default", "read_only")

#: What lies between a scheme and the last @, whatever is wrong with it; else what follows a colon where a host would stand.
_SECRET: Final = re.compile(r"(?<=://).*@|(?<=://)[^/?#@]*:.*", re.ASCII | re.DOTALL)


def without_secret(text: str) -> str:
    """A store's option as it may be shown: who logs in there is `***`, even where the text is no good URL."""
    head, scheme, _ = text.partition("://")
    if not scheme or head.rpartition("=")[2] == "file":
        return text
    return _SECRET.sub(lambda found: "***@" if found[0].endswith("@") else "***", text, count=1)


def read_stores(texts: Iterable[str], data_dir: Path) -> tuple[NamedStore, ...]:
    """The stores that *texts* name, in their order; the first that can be written to is the default if none says it is.

    Raises Invalid, naming the one at fault, for what is no store, and for stores that cannot stand beside each other.
    """
    written = tuple(texts) or ONLY_LOCAL
    stores = [_read(text, data_dir.absolute()) for text in written]
    written = tuple(map(without_secret, written))
    for number, (text, store) in enumerate(zip(written, stores, strict=True)):
        _check_beside(text, store, stores[:number])
    if not any(store.is_default for store in stores):
        first = next((store for store in stores if not store.is_read_only), None)
        if first is None:
            raise Invalid("store", written[-1], "all stores are read-only; one must take new images")
        stores[stores.index(first)] = replace(first, is_default=True)
    return tuple(stores)


def _read(written: str, data_dir: Path) -> NamedStore:
    text = without_secret(written)
    name, equals, url = written.partition("=")
    if not equals or _NAME.fullmatch(name) is None or name.startswith(_RESERVED):
        raise Invalid("store", text, "does not begin with a name of letters, digits, '.', '_', '-' and an '='")
    try:
        parts = urlsplit(url)
        if parts.scheme not in KINDS:
            raise Invalid("store", text, f"there are no stores of this kind; there are {', '.join(KINDS)}")
        if parts.scheme == "file":
            said = _said(text, parts, _SAID)
            store = NamedStore(name=name, kind="file", folder=data_dir / _path(text, parts))
        else:
            said = _said(text, parts, (*_SAID, *places.SAID))
            store = NamedStore(name=name, kind="s3", place=places.read(text, parts, said))
    except (ValueError, UnicodeError) as error:
        raise Invalid("store", text, "what follows the name is no URL") from error
    store = replace(
        store,
        weight=_weight(text, said.get("weight", "0")),
        description=said.get("description"),
        is_default=_truth(text, said.get("default", "false")),
        is_read_only=_truth(text, said.get("read_only", "false")),
    )
    if store.is_default and store.is_read_only:
        raise Invalid("store", text, "the default store takes new images; it cannot be read-only")
    return store


def _said(text: str, parts: SplitResult, known: tuple[str, ...]) -> Mapping[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), errors="strict")
    said = dict(pairs)
    if len(said) < len(pairs) or not said.keys() <= set(known):
        raise Invalid("store", text, f"behind the ? each of {', '.join(known)} may stand once, and nothing else")
    if not all(map(is_storable, said.values())):
        raise Invalid("store", text, "it holds what is no text")
    return said


def _path(text: str, parts: SplitResult) -> PurePosixPath:
    """The folder as it is written: absolute, or below the data folder."""
    if parts.netloc or parts.fragment:
        raise Invalid("store", text, "a folder is file:FOLDER or file:///FOLDER, and '#' in its name is %23")
    path = PurePosixPath(unquote(parts.path, errors="strict"))
    if "\0" in str(path) or ".." in path.parts or str(path) in (".", "/"):
        raise Invalid("store", text, "it names no folder")
    return path


def _weight(text: str, written: str) -> int:
    if _WEIGHT.fullmatch(written) is None:
        raise Invalid("store", text, "its weight is no whole number")
    return int(written)


def _truth(text: str, written: str) -> bool:
    if written not in _TRUTHS:
        raise Invalid("store", text, "default and read_only are true or false")
    return _TRUTHS[written]


def _check_beside(text: str, store: NamedStore, others: Iterable[NamedStore]) -> None:
    """Raises Invalid if *store* cannot stand beside the *others*: what one holds must not look like another's."""
    for other in others:
        if other.name == store.name:
            raise Invalid("store", text, "there is one of this name already")
        if other.is_default and store.is_default:
            raise Invalid("store", text, "there is a default store already")
        if store.place is not None or other.place is not None:
            if store.place is not None and other.place is not None and store.place.overlaps(other.place):
                raise Invalid("store", text, f"its place is that of {other.name}, or one lies in the other")
        elif store.folder.is_relative_to(other.folder) or other.folder.is_relative_to(store.folder):
            raise Invalid("store", text, f"its folder is that of {other.name}, or one lies in the other")
