"""Request ids: on every answer, so that a client's trouble can be found in the log."""

from uuid import uuid4

from calotype.http.errors import HttpError

HEADER = "X-Openstack-Request-Id"
LONGEST = 64


def new() -> str:
    return f"req-{uuid4()}"


def adopt(sent: str | None) -> str:
    """The caller's own id, with `req-` in front, or a new one where none was sent that can be written into a log.

    Raises HttpError 431 for one longer than `LONGEST`. Source: docs/api/v1.md, "Request ids".
    """
    if not sent or not (sent.isascii() and sent.isprintable()):
        return new()
    if len(sent) > LONGEST:
        raise HttpError(431, f"The request id is longer than {LONGEST} characters.")
    return sent if sent.startswith("req-") else f"req-{sent}"
