"""Tokens that are over."""

from collections.abc import Iterator

from calotype.catalogue import tokens
from calotype.service.housekeeping.chores import Chore, Task
from calotype.service.housekeeping.house import House


def remove(house: House) -> Iterator[Chore]:
    """Removes tokens that are over, a thousand or so in a transaction."""
    while count := _remove_some(house):
        yield Chore(Task.REMOVE_TOKENS, "expired tokens", count)
        if house.is_dry:
            return


def _remove_some(house: House) -> int:
    now = house.clock()
    if house.is_dry:
        with house.catalogue.reading() as connection:
            return tokens.count_expired(connection, now)
    with house.changing() as connection:
        return tokens.delete_expired(connection, now)
