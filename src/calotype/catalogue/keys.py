"""Keys under which the catalogue's look-ups find what is too long, or written in too many ways, to be a key itself."""

import hashlib

#: PostgreSQL refuses an index entry of more than 2,704 bytes; short keys also keep the look-ups small.
LONGEST_KEY_BYTES = 128


def value_key(value: str) -> str:
    """*value* itself if its UTF-8 has at most 128 bytes, else `sha256:` and the digest in hexadecimal.

    Two values with one key are equal for all practical purposes, with one exception that a filter may check on the row:
    a value that spells another's digest.
    """
    encoded = value.encode()
    if len(encoded) <= LONGEST_KEY_BYTES:
        return value
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}"


def id_key(image_id: str) -> str:
    """The spelling in which an id is remembered as used: lower case, without hyphens."""
    return image_id.replace("-", "").lower()
