"""The log: one line an event on standard error, `time level subject text name=value…`.

The standard library's logging; structlog costs 50 ms of CPU and 4 MB at the start, since it loads rich with it.
Source: docs/design/0006-logs.md.
"""

import logging
import sys
import time

#: Under this name of a record's `extra` stand the fields that a line ends with.
FIELDS = "fields"


class Line(logging.Formatter):
    """One line, whatever is in the record: control characters are escaped, so that no request can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        seconds, millis = int(record.created), int(record.msecs)
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        subject = record.name.removeprefix("calotype.")
        parts = [f"{moment}.{millis:03d}Z {record.levelname.lower()} {subject} {_printable(record.getMessage())}"]
        fields: dict[str, object] = getattr(record, FIELDS, {})
        parts.extend(f"{name}={_printable(str(value))}" for name, value in fields.items())
        line = " ".join(parts)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _printable(text: str) -> str:
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


def set_up() -> None:
    """Send what the program logs to standard error; what our parts only tell in detail is left out."""
    # What no line shows is not looked up: that was most of a line's cost. Source: the standard library's logging how-to.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
