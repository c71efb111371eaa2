"""How the URL of a store in S3 is read. Source: docs/operate/configure.md, "Stores"."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote

from calotype.blobs.s3.parts import LARGEST_FIXED_MIB, SMALLEST_FIXED_MIB
from calotype.blobs.s3.place import ADDRESSINGS, CHECKSUMS, ETAGS, Place
from calotype.domain.errors import Invalid

SAID: Final = (
    "endpoint",
    "region",
    "profile",
    "addressing",
    "checksums",
    "etags",
    "md5",
    "list_uploads",
    "part_mib",
)

_BUCKET: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,62}", re.ASCII)
_PREFIX: Final = re.compile(r"[A-Za-z0-9!_.*'()=-]+(/[A-Za-z0-9!_.*'()=-]+)*", re.ASCII)
_MOST_PREFIX: Final = 800
_ENDPOINT: Final = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?/?", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_PROFILE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_WHOLE: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


def read(text: str, parts: SplitResult, said: Mapping[str, str]) -> Place:
    """The place that *parts* and what is *said* behind the ? name. Raises Invalid, which shows *text*."""
    login, _, bucket = parts.netloc.rpartition("@")
    key, colon, secret = login.partition(":")
    if bool(login) != bool(colon and key and secret):
        raise Invalid("store", text, "credentials are s3://KEY:SECRET@BUCKET, with / + @ : written %2F %2B %40 %3A")
    prefix = unquote(parts.path, errors="strict").strip("/")
    if _BUCKET.fullmatch(bucket) is None or parts.fragment:
        raise Invalid("store", text, "it names no bucket, as s3://BUCKET or s3://BUCKET/PREFIX")
    if prefix and (
        _PREFIX.fullmatch(prefix) is None or len(prefix) > _MOST_PREFIX or {".", ".."} & {*prefix.split("/")}
    ):
        raise Invalid("store", text, "its prefix holds more than letters, digits, / and !_.*'()=-")
    if login and "profile" in said:
        raise Invalid("store", text, "it has credentials and a profile; one of them must go")
    return Place(
        bucket=bucket,
        prefix=prefix,
        endpoint=_matching(text, said, "endpoint", _ENDPOINT, "http:// or https://, a host and perhaps a port"),
        region=_matching(text, said, "region", _PLAIN, "a name like eu-central-1"),
        profile=_matching(text, said, "profile", _PROFILE, "the name of a profile"),
        access_key=unquote(key, errors="strict") or None,
        secret_key=unquote(secret, errors="strict") or None,
        addressing=_one_of(text, said, "addressing", ADDRESSINGS),
        checksums=_one_of(text, said, "checksums", CHECKSUMS),
        etags=_one_of(text, said, "etags", ETAGS),
        sends_md5=_one_of(text, said, "md5", ("true", "false")) == "true",
        lists_uploads=_one_of(text, said, "list_uploads", ("true", "false")) == "true",
        part_mib=_part_mib(text, said),
    )


def _matching(text: str, said: Mapping[str, str], name: str, pattern: re.Pattern[str], what: str) -> str | None:
    value = said.get(name)
    if value is not None and pattern.fullmatch(value) is None:
        raise Invalid("store", text, f"{name} is {what}")
    return value.rstrip("/") if value is not None else None


def _one_of(text: str, said: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """What is said of *name*, or the first of its *choices*."""
    value = said.get(name, choices[0])
    if value not in choices:
        raise Invalid("store", text, f"{name} is one of {', '.join(choices)}")
    return value


def _part_mib(text: str, said: Mapping[str, str]) -> int | None:
    written = said.get("part_mib")
    if written is None:
        return None
    if _WHOLE.fullmatch(written) is None or not SMALLEST_FIXED_MIB <= int(written) <= LARGEST_FIXED_MIB:
        raise Invalid("store", text, f"part_mib is a whole number from {SMALLEST_FIXED_MIB} to {LARGEST_FIXED_MIB}")
    return int(written)
