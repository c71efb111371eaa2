"""Digests taken while bytes pass by."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from calotype.blobs.digests import CHECKSUM, OS_HASH, Digests


@pytest.fixture
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.mark.parametrize(
    "sizes", [[], [0], [1], [131_071, 131_072, 131_073], [1 << 20, 1] * 9, [1 << 20] * 5, [7] * 1000]
)
def test_they_are_those_of_all_steps_in_order(threads: Executor, sizes: list[int]) -> None:
    steps = [os.urandom(size) for size in sizes]
    digests = Digests(threads)

    for step in steps:
        digests.take(step)

    whole = b"".join(steps)
    assert digests.hexdigest(CHECKSUM) == hashlib.md5(whole, usedforsecurity=False).hexdigest()
    assert digests.hexdigest(OS_HASH) == hashlib.sha512(whole).hexdigest()


def test_the_step_before_is_done_when_the_next_is_taken(threads: Executor) -> None:
    first, last = os.urandom(8 << 20), b"a"
    digests = Digests(threads)

    digests.take(first)
    digests.take(last)

    assert digests.hexdigest(OS_HASH) == hashlib.sha512(first + last).hexdigest()


def test_several_uploads_share_the_threads(threads: Executor) -> None:
    steps = [os.urandom(1 << 20) for _ in range(4)]
    all_digests = [Digests(threads) for _ in steps]

    for _ in range(3):
        for digests, step in zip(all_digests, steps, strict=True):
            digests.take(step)

    assert [digests.hexdigest(OS_HASH) for digests in all_digests] == [
        hashlib.sha512(step * 3).hexdigest() for step in steps
    ]
