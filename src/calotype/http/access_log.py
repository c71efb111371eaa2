"""One line a request. Neither queries nor headers are in it: both may hold secrets."""

from typing import Any

from calotype.domain.errors import Away, Broken, StoreAway

#: Of a path; a longer one is somebody's experiment.
LONGEST_PATH = 256


class AccessLog:
    """Writes to *log*, which takes events with fields."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def answered(
        self, method: str, path: str, status: int, sent_bytes: int, took_s: float, request_id: str, client: str
    ) -> None:
        self._log.info(
            "request",
            method=method,
            path=printable(path),
            status=status,
            bytes=sent_bytes,
            ms=round(took_s * 1000, 1),
            request_id=request_id,
            client=client,
        )

    def failed(self, request_id: str, error: BaseException) -> None:
        """An error of ours with its trace; of a server that is away, which fails every request, the reason alone."""
        if isinstance(error, Away | StoreAway):
            self._log.error("request failed", request_id=request_id, reason=printable(_reason(error)))
        else:
            self._log.error("request failed", request_id=request_id, exc_info=error)

    def hung_up(self, request_id: str, reason: str) -> None:
        """An answer that had begun and could not be ended."""
        self._log.warning("answer broken off", request_id=request_id, reason=printable(reason))


def _reason(error: Broken) -> str:
    """What the driver says, which names host and user and no password."""
    foreign = getattr(error.__cause__, "orig", None)
    return " ".join(f"{error} ({foreign})".split()) if foreign is not None else str(error)


def printable(text: str) -> str:
    """*text* in printable ASCII, cut to `LONGEST_PATH`; what is not stands as an escape."""
    if len(text) > LONGEST_PATH:
        text = text[:LONGEST_PATH] + "..."
    if text.isascii() and text.isprintable():
        return text
    return ascii(text)[1:-1]
