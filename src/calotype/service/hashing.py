"""Passwords and secrets that users choose, before they are kept."""

from calotype.auth import passwords
from calotype.domain.errors import Invalid


def hashed(field: str, secret: str) -> str:
    """What the catalogue keeps of *secret*; 60 ms. Raises Invalid, which names *field* and not the secret."""
    if not secret:
        raise Invalid(field, "***", "it is empty")
    if passwords.is_too_long(secret):
        raise Invalid(field, "***", f"it has more than {passwords.LONGEST_PASSWORD_BYTES} bytes")
    try:
        return passwords.hashed(secret)
    except UnicodeEncodeError as error:
        raise Invalid(field, "***", "it is not text that can be sent") from error
