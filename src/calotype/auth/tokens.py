"""Opaque random tokens; what is kept of one is its SHA-256, so a stolen database opens nothing."""

import secrets
from hashlib import sha256


def new_secret() -> str:
    """The text of a new token: 256 random bits in hexadecimal, so that no command line takes it for an option."""
    return secrets.token_hex(32)


def digest(secret: str) -> str:
    """What the catalogue keeps of *secret*: hexadecimal SHA-256."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_audit_id() -> str:
    """An id by which a token can be named in records without giving it away, 22 characters like Keystone's."""
    return secrets.token_urlsafe(16)
