"""Passwords as argon2id hashes.

19 MiB, two passes, one lane: 59 ms and 19 MiB a login on two shared cores. argon2-cffi's defaults cost 450 ms and 64 MiB.
Source: OWASP Password Storage Cheat Sheet, "Argon2id".
"""

import secrets
import string
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argon2

#: A longer password is not hashed at all.
LONGEST_PASSWORD_BYTES = 1024

#: Verified when there is no such user, so that nobody learns from the time which names exist. Its password is not kept.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$srClDOpoUwZvxy5jFVzDEQ$/RCsfCEZgMqI/MuWZ+vI96l9m86uMYBkLMwX4bOSL1Q"


def hashed(password: str) -> str:
    """A salted hash of *password*, with its parameters, for `verify`. *password* is not too long."""
    return _hasher().hash(password.encode())


def verify(password_hash: str, password: str) -> bool:
    """True if *password_hash* was made of *password*; False for a password that is too long and for a damaged hash."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if is_too_long(password):
        return False
    try:
        return _hasher().verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (InvalidHashError, VerificationError):
        return False


def is_too_long(password: str) -> bool:
    return len(password.encode("utf-8", "surrogatepass")) > LONGEST_PASSWORD_BYTES


@cache
def _hasher() -> "argon2.PasswordHasher":
    import argon2  # on first use: a server that serves images only never loads it

    return argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def generated() -> str:
    """A new random password: 190 bits, letters and digits only, so that no shell, file or option reads it otherwise."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


_ALPHABET = string.ascii_letters + string.digits
