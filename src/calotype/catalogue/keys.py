"""Keys under which the catalogue's look-ups find what is too long, or written in too many ways, to be a key itself."""

import hashlib

#: PostgreSQL refuses an index entry of more than 2,704 bytes; short keys also keep the look-ups small.
LONGEST_KEY_BYTES = 128

_DIGEST_MARK = "sha256:"


def value_key(value: str) -> str:
    """*value* itself if its UTF-8 has at most 128 bytes, else `sha256:` and the digest in hexadecimal.

    What spells such a key itself is digested too, so that two values never share a key.
    """
    encoded = value.encode()
    if len(encoded) <= LONGEST_KEY_BYTES and not value.startswith(_DIGEST_MARK):
        return value
    return _DIGEST_MARK + hashlib.sha256(encoded).hexdigest()


def id_key(image_id: str) -> str:
    """The spelling in which an id is remembered as used: lower case, without hyphens."""
    return image_id.replace("-", "").lower()
