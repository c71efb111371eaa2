"""Bodies that fit in memory."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp.streams import StreamReader

from calotype.domain.errors import Invalid
from calotype.domain.texts import is_storable
from calotype.http.errors import BrokenBody
from calotype.http.options import HttpOptions

#: The parser goes some nine hundred levels deep; what was as deep could be neither spelt in a refusal nor written again.
MOST_LEVELS = 100


def read_json(body: bytes) -> Any:
    """*body* as dict, list, str, int, float, bool or None; numbers are as large as they were sent.

    Raises Invalid for what is not JSON in UTF-8, is nested deeper than MOST_LEVELS, or holds a NUL, which is legal in
    JSON and in no database.
    """
    try:
        value = msgspec.json.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid("body", "", str(error)) from None
    # Looked for in the bytes, which is cheap, before every value is looked at.
    if body.count(b"[") + body.count(b"{") > MOST_LEVELS and _is_too_deep(value):
        raise _too_deep()
    if b"\\u0000" in body and not _is_storable(value):
        raise Invalid("body", "", "holds a NUL")
    return value


def read_object(body: bytes) -> dict[str, Any]:
    """*body* as `read_json` reads it. Raises Invalid for what is no object, too."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise Invalid("body", value, "not an object")
    return value


def _too_deep() -> Invalid:
    return Invalid("body", "", f"nested deeper than {MOST_LEVELS} levels")


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for one in level for inner in _inside(one) if isinstance(inner, list | dict)]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, dict):
        return all(is_storable(name) and _is_storable(inner) for name, inner in value.items())
    return not isinstance(value, list) or all(_is_storable(inner) for inner in value)


async def read_whole(payload: StreamReader, options: HttpOptions) -> bytes:
    """The body, at most `json_max_bytes` of it, within `json_timeout_s`.

    Raises BrokenBody: 413 for more, 408 if it takes longer, 400 if the client hangs up.
    """
    steps = []
    size = 0
    try:
        async with asyncio.timeout(options.json_timeout_s):
            while step := await payload.readany():
                size += len(step)
                if size > options.json_max_bytes:
                    raise too_large(options)
                steps.append(step)
    except TimeoutError:
        raise BrokenBody(408, f"The body took longer than {options.json_timeout_s:g} s.") from None
    return b"".join(steps)


def too_large(options: HttpOptions) -> BrokenBody:
    return BrokenBody(413, f"The body is larger than {options.json_max_bytes} bytes.")
