"""Everything Calotype refuses or fails at, as one tree; each dialect's `errors.py` gives the nearest class its code.

CalotypeError
├── Invalid            what was sent cannot be understood or is not allowed: names the field, the value, the reason
│   └── BadData        the bytes of an image are not what was declared
│       └── WrongFormat   they are of another format, or are not safe
├── Unauthenticated    no token, or none that is good
├── Refused            the caller may not do this
│   └── OnlyShared     the caller sees the thing, but only because its owner lets them
├── NotFound           absent, or not for this caller's eyes: the two look the same
│   ├── ImageNotFound
│   └── NoData         the image has no data, or none that can be found
│       └── BlobNotFound   the bytes are not in the store
├── Conflict           the state of the thing does not allow it, or somebody else was faster
│   ├── Overtaken      somebody else changed the same thing at the same time; asking again may do
│   │   └── Unordered     the database could not order two changes: nothing was done, the same again may do
│   ├── ImageGone      the image was deleted while its data were arriving
│   └── ReadOnly       the store takes no data
├── OverLimit          more than a quota or a limit allows
├── Throttled          too many at once; try again later
└── Broken             a part of ours does not work now: database, store; try again later
    ├── Away           the database cannot be reached
    │   ├── Dropped       it hung up in the middle: nothing was done, the same again may do
    │   └── Unconfirmed   it hung up while it was told to keep a change, which is done or not
    ├── StoreAway      the server of a store cannot be reached, or refuses
    ├── Busy           locked or too slow for longer than we wait
    └── NoSpace        the store is full
"""

from typing import Any


class CalotypeError(Exception):
    """The root of the tree; its text is safe to show to any caller."""


class Invalid(CalotypeError):
    """A field's value cannot be accepted."""

    def __init__(self, field: str, value: Any, reason: str) -> None:
        super().__init__(f"Invalid value {_shown(value)} for '{field}': {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class BadData(Invalid):
    """Image data contradict what was declared about them."""


class WrongFormat(BadData):
    """Image data are not of the format that was declared, or fail a safety check."""


class Unauthenticated(CalotypeError):
    """The request carries no valid proof of identity."""

    def __init__(self, reason: str = "The request you have made requires authentication.") -> None:
        super().__init__(reason)


class Refused(CalotypeError):
    """The caller is known and may not do this. *action* is the name of the right that was missing, where there is one."""

    def __init__(self, reason: str, action: str | None = None) -> None:
        super().__init__(reason)
        self.action = action


class OnlyShared(Refused):
    """The caller may see the thing without its being public, and may not change it; dialects may deny that it is there."""


class NotFound(CalotypeError):
    """There is no such thing for this caller."""


class ImageNotFound(NotFound):
    def __init__(self, image_id: str) -> None:
        super().__init__(f"No image found with ID {image_id}")
        self.image_id = image_id


class NoData(NotFound):
    """The image is there for this caller, but none of its bytes."""


class BlobNotFound(NoData):
    """No bytes are kept under *key*, which is not part of the text."""

    def __init__(self, key: str) -> None:
        super().__init__("The image's data are missing from the store.")
        self.key = key


class Conflict(CalotypeError):
    """The thing is not in a state that allows this, or was changed by somebody else meanwhile."""


class Overtaken(Conflict):
    """Somebody else changed the same thing at the same time; nothing was done."""


class Unordered(Overtaken):
    """The database could not put two changes one after the other; nothing was done, and the same again may do."""


class ImageGone(Conflict):
    """The image was deleted while its data were arriving; the data are removed again."""


class ReadOnly(Conflict):
    """The store that was asked for is there, and takes no data."""


class OverLimit(CalotypeError):
    """A limit would be passed. The text names the limit."""


class Throttled(CalotypeError):
    """Too many of these at once."""

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Broken(CalotypeError):
    """A part of the service cannot do its work at the moment."""

    def __init__(self, reason: str, retry_after_s: int = 5) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Away(Broken):
    """The database cannot be reached; nothing was done."""


class Dropped(Away):
    """The database hung up before it was told to keep anything; nothing was done, and the same again may do."""


class Unconfirmed(Away):
    """The database hung up while it was told to keep a change. It is done, whole, or it is not; never to be repeated blindly."""


class StoreAway(Broken):
    """The server of a store cannot be reached, or does not do what it is asked. Why is in the log when this is raised."""


class Busy(Broken):
    """A part of the service is locked, or did not answer within the time we allow it."""


class NoSpace(Broken):
    """The store has no room left."""


def _shown(value: Any) -> str:
    """*value* as an error may echo it: quoted, and cut where somebody sends a book."""
    text = str(value)
    return f"'{text}'" if len(text) <= 200 else f"'{text[:200]}…'"
