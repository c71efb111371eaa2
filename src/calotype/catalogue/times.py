"""Times as the tables hold them: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """*moment*, which knows its zone, as the tables hold it."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    seconds, rest = divmod(micros, 1_000_000)
    return EPOCH + timedelta(0, seconds, rest)
