"""Image data that need no keeping: any part of them is made again from a seed, so that what comes back can be compared."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

MIB = 1 << 20

_NOISE = random.Random(6).randbytes(MIB)

#: At the beginning of each block: whose it is and which.
_MARK_LENGTH = 24


@dataclass(frozen=True)
class Content:
    """*size* bytes, unlike those of any other seed in each block of 1 MiB."""

    seed: int
    size: int

    def block(self, number: int) -> bytes:
        """The block of this number, the last one as long as it is."""
        mark = f"{self.seed:012x}{number:012x}".encode()
        return (mark + _NOISE[_MARK_LENGTH:])[: max(0, self.size - number * MIB)]

    def blocks(self) -> Iterator[bytes]:
        for number in range(-(-self.size // MIB)):
            yield self.block(number)

    def part(self, first: int, length: int) -> bytes:
        """*length* bytes from offset *first*; less if there are less."""
        taken = b"".join(self.block(number) for number in range(first // MIB, (first + length - 1) // MIB + 1))
        return taken[first % MIB :][:length]


class Comparison:
    """Bytes as they come, against a part of a content that begins at *first*."""

    def __init__(self, content: Content, first: int = 0) -> None:
        self._content = content
        self._at = first
        self.is_right = True

    def take(self, data: bytes) -> None:
        if self.is_right and data != self._content.part(self._at, len(data)):
            self.is_right = False
        self._at += len(data)

    @property
    def at(self) -> int:
        return self._at
