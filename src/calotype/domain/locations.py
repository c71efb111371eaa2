"""Where an image's data are, as callers are told and may say: our own copies and URLs elsewhere, in one list."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calotype.domain.addresses import scheme_of
from calotype.domain.errors import Conflict, Invalid
from calotype.domain.images import Image, Location

#: The store of everything that is at a URL; nothing is ever written to it.
HTTP_STORE = "http"

#: What may be at a URL of that store.
SCHEMES = ("http", "https")

#: Scheme of what stands for a copy of ours: it names store and image, never the key, and nobody can fetch it.
OWN_SCHEME = "calotype"

MOST_URL_CHARACTERS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """What the data are said to be: a digest by *algorithm*, hexadecimal, and perhaps their MD5."""

    algorithm: str
    value: str
    checksum: str | None = None


#: The algorithms a location's data may be checked by, and the length of their digests in hexadecimal.
DIGEST_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

_HEX = re.compile(r"[0-9a-f]*", re.ASCII)


def digest(field: str, text: str, algorithm: str) -> str:
    """*text*, a digest by *algorithm*, in lower case. Raises Invalid if it cannot be one."""
    value = text.lower()
    if _HEX.fullmatch(value) is None:
        raise Invalid(field, text, "not hexadecimal")
    if len(value) != DIGEST_LENGTHS[algorithm]:
        raise Invalid(field, text, f"not the {DIGEST_LENGTHS[algorithm]} digits of {algorithm}")
    return value


@dataclass(slots=True)
class Places:
    """What edits of locations have to know beside the image, and change: the stores with a *copy* of ours, in their order,
    and the *sizes* of what is at URLs that are new.
    """

    copies: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)


def all_of(image: Image, stores: Sequence[str]) -> tuple[Location, ...]:
    """Every location of *image*, of which *stores* hold a copy each, in the order in which they are read: ours first."""
    return (*(Location(own_url(name, image.id), name) for name in stores), *image.locations)


def own_url(store: str, image_id: str) -> str:
    return f"{OWN_SCHEME}://{store}/{image_id}"


_CREDENTIALS = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)


def without_credentials(location: Location) -> Location:
    """*location* as everybody may see it: who may log in there is for those who fetch the data.

    Source: OSSA-2013-002.
    """
    return replace(location, url=_CREDENTIALS.sub(r"\1***@", location.url))


def shown_metadata(location: Location) -> dict[str, Any]:
    """The metadata as callers see them: with the store, whatever they themselves say of one."""
    return {**location.metadata, "store": location.store} if location.store is not None else dict(location.metadata)


def without_store(metadata: dict[str, Any]) -> dict[str, Any]:
    """*metadata* as it is kept: what they say of the store is ours to say."""
    return {name: value for name, value in metadata.items() if name != "store"}


def scheme_is_own(url: str) -> bool:
    return scheme_of(url) == OWN_SCHEME


def merged(hashes: Iterable[Hash | None]) -> Hash | None:
    """The one hash that all of *hashes* are which say anything. Raises Conflict if they contradict each other."""
    different = {one for one in hashes if one is not None}
    if len(different) > 1:
        raise Conflict("The locations are said to hold different data.")
    return different.pop() if different else None
