"""The log: one line an event on standard error, as text or as a JSON object.

The standard library's logging; structlog costs 50 ms of CPU and 4 MB at the start, since it loads rich with it.
Source: docs/design/0006-logs.md; docs/operate/logs.md.
"""

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from calotype.domain import occasions

#: Under this name of a record's `extra` stand the fields that a line ends with.
FIELDS = "fields"

#: Of a trace in JSON: a pipe takes 64 KiB at once, and what reads logs has such limits too. Its end says most.
LONGEST_TRACE = 16_384

_LARGEST_NUMBER = (1 << 63) - 1


class Line(logging.Formatter):
    """`time level subject text name=value…`: control characters are escaped, so that no request can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [f"{_moment(record)} {record.levelname.lower()} {_subject(record)} {printable(record.getMessage())}"]
        parts.extend(f"{name}={printable(str(value))}" for name, value in _fields(record).items())
        line = " ".join(parts)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLine(logging.Formatter):
    """One JSON object: the keys of `LINE_KEYS`, then the event's fields under their names, `exception` last."""

    def __init__(self) -> None:
        super().__init__()
        self._node = socket.gethostname()

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "subject": _subject(record),
            "message": record.getMessage(),
            "node": self._node,
            "pid": os.getpid(),
        }
        for name, value in _fields(record).items():
            line[f"{name}_" if name in LINE_KEYS else name] = _plain(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-LONGEST_TRACE:]
        return json_line(line)


#: What every JSON line has; a field of such a name gets a `_` behind it.
LINE_KEYS: Final = ("time", "level", "subject", "message", "node", "pid")


def json_line(values: Mapping[str, object]) -> str:
    """*values* as JSON in one line; halves of characters, which no UTF-8 can say, stand as escapes."""
    try:
        return msgspec.json.encode(values).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(values)).decode()


def _whole(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case Mapping():
            return {_whole(name): _whole(one) for name, one in value.items()}
        case list() | tuple():
            return [_whole(one) for one in value]
    return value


def _moment(record: logging.LogRecord) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(record.created)))
    return f"{moment}.{int(record.msecs):03d}Z"


def _subject(record: logging.LogRecord) -> str:
    return record.name.removeprefix("calotype.")


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """The event's fields; what is logged on a thread that works for a request says so by itself."""
    fields: dict[str, object] = getattr(record, FIELDS, {})
    request_id = occasions.current().request_id
    return fields if request_id is None or "request_id" in fields else {**fields, "request_id": request_id}


def _plain(value: object) -> object:
    """*value* as JSON has it: a truth, a number, nothing, or else its text."""
    match value:
        case None | bool() | float() | str():
            return value
        case int() if abs(value) <= _LARGEST_NUMBER:
            return value
    return str(value)


def printable(text: str) -> str:
    """*text* in characters that can be seen: no control character of it is one in a line."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


class Log:
    """Events with fields, for the parts that are handed a log."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: object) -> None:
        self._logger.info(event, extra={FIELDS: fields})

    def warning(self, event: str, **fields: object) -> None:
        self._logger.warning(event, extra={FIELDS: fields})

    def error(self, event: str, *, exc_info: BaseException | None = None, **fields: object) -> None:
        self._logger.error(event, extra={FIELDS: fields}, exc_info=exc_info)


def set_up(log_format: str = "text") -> None:
    """Send what the program logs to standard error; what our parts only tell in detail is left out.

    Warnings of libraries and errors that nobody caught are lines too, so that standard error has no others.
    """
    # What no line shows is not looked up: that was most of a line's cost. Source: the standard library's logging how-to.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if log_format == "json" else Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_thread
    sys.unraisablehook = _log_unraisable


def _log_thread(what: Any) -> None:
    logging.getLogger("calotype.threads").error("a thread ended by an error", exc_info=what.exc_value)


def _log_unraisable(what: Any) -> None:
    logging.getLogger("calotype.threads").error("an error nobody could be told of", exc_info=what.exc_value)
