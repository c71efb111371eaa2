"""Locations of v2 as they come in: JSON to domain, Invalid for everything that is not one.

Source: openstack/glance:api-ref/source/v2/images-parameters.yaml, "locations"; docs/api/v2.md, "Locations".
"""

from typing import Any

import msgspec

from calotype.domain.errors import Invalid
from calotype.domain.location_edits import Wanted
from calotype.domain.locations import DIGEST_LENGTHS, MOST_URL_CHARACTERS, Hash, digest, without_store

#: Stored with the image and shown with each list.
_MOST_METADATA_BYTES = 65_535


def first(body: dict[str, Any]) -> tuple[str, Hash | None]:
    """URL and expected digest, of which there may be none, of an image that has no data yet; other keys say nothing."""
    return _url(body), _expected(body.get("validation_data", {}))


def position(pointer: str, part: str) -> int | None:
    """The place in the list that *part* of the path *pointer* says; None for the last one."""
    if part == "-":
        return None
    if not (part.isascii() and part.isdigit() and len(part) < 10):
        raise Invalid("path", pointer, "neither a place in the list nor '-'")
    return int(part)


def wanted_list(value: Any) -> tuple[Wanted, ...]:
    if not isinstance(value, list):
        raise Invalid("locations", value, "not a list")
    return tuple(map(wanted, value))


def wanted(value: Any) -> Wanted:
    """A location as it is set by PATCH; other keys say nothing."""
    if not isinstance(value, dict):
        raise Invalid("locations", value, "not an object of url and metadata")
    url = _url(value)
    if len(url) > MOST_URL_CHARACTERS:
        raise Invalid("url", "***", f"longer than {MOST_URL_CHARACTERS} characters")
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        raise Invalid("metadata", metadata, "not an object")
    if len(msgspec.json.encode(metadata)) > _MOST_METADATA_BYTES:
        raise Invalid("metadata", "***", f"longer than {_MOST_METADATA_BYTES} bytes")
    said = _believed(value["validation_data"]) if "validation_data" in value else None
    return Wanted(url=url, metadata=without_store(metadata), said=said)


def _url(said: dict[str, Any]) -> str:
    url = said.get("url")
    if not isinstance(url, str) or not url:
        raise Invalid("url", "***" if url else url, "not a text")
    return url


def _expected(said: Any) -> Hash | None:
    """A digest to check the data by: nothing if *said* is empty, else both keys."""
    if not isinstance(said, dict) or not said.keys() <= {"os_hash_algo", "os_hash_value"}:
        raise Invalid("validation_data", said, "not an object of os_hash_algo and os_hash_value")
    if not said:
        return None
    algorithm, value = said.get("os_hash_algo"), said.get("os_hash_value")
    if algorithm not in tuple(DIGEST_LENGTHS):
        raise Invalid("os_hash_algo", algorithm, f"not one of {', '.join(DIGEST_LENGTHS)}")
    if not isinstance(value, str):
        raise Invalid("os_hash_value", value, "not a text")
    return Hash(algorithm=algorithm, value=digest("os_hash_value", value, algorithm))


#: Characters of the values that are believed; what they must be beyond that depends on what the image has.
_BELIEVED = {"os_hash_algo": range(65), "os_hash_value": range(129), "checksum": range(32, 33)}


def _believed(said: Any) -> Hash:
    """What the data are said to be, of which only the checksum may be left out."""
    if not isinstance(said, dict) or not said.keys() <= _BELIEVED.keys():
        raise Invalid("validation_data", said, f"not an object of {', '.join(_BELIEVED)}")
    for name, lengths in _BELIEVED.items():
        value = said.get(name)
        if name == "checksum" and name not in said:
            continue
        if not isinstance(value, str) or len(value) not in lengths:
            raise Invalid(name, value, f"not a text of {lengths.start} to {lengths.stop - 1} characters")
    checksum = said["checksum"].lower() if "checksum" in said else None
    return Hash(algorithm=said["os_hash_algo"], value=said["os_hash_value"].lower(), checksum=checksum)
