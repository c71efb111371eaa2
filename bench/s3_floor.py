"""The floor of transfers through S3: boto3 alone, from a file to the server and back, in a process of its own."""

import hashlib
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).parent))  # as a process of its own it is started without a path
import boto3
from boto3.s3.transfer import TransferConfig

from moving import MIB
from orders import obey
from seaweed import BUCKET, client_options

_clients: dict[str, Any] = {}


def up(
    endpoint: str, source: str, lengths: list[list[int]], prefix: str, part_bytes: int, *, with_digests: bool
) -> dict[str, Any]:
    """The beginning of *source* put up so many times by each client: whole, or in parts where it is longer than one.

    Parts go as boto3 sends them of itself, several at once. *with_digests*: MD5 and SHA-512 are taken meanwhile.
    """
    client = _client(endpoint)
    config = TransferConfig(multipart_threshold=part_bytes + 1, multipart_chunksize=part_bytes)

    def run(number: int) -> None:
        for count, length in enumerate(lengths[number]):
            digests = ("md5", "sha512") if with_digests else ()
            with ThreadPoolExecutor(2) as digesting, _Beginning(source, length) as body:
                under_way = [digesting.submit(_digest, name, source, length) for name in digests]
                client.upload_fileobj(body, BUCKET, f"{prefix}/{number}/{count}", Config=config)
                for one in under_way:
                    one.result()

    return {"elapsed_s": _side_by_side(run, len(lengths))}


class _Beginning:
    """The first *length* bytes of a file, as a file."""

    def __init__(self, source: str, length: int) -> None:
        self._file = Path(source).open("rb")  # noqa: SIM115 -- it is closed at the end of the block
        self._left = length

    def read(self, count: int = -1) -> bytes:
        piece = self._file.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(piece)
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _digest(name: str, source: str, length: int) -> str:
    digest = hashlib.new(name, usedforsecurity=False)
    with _Beginning(source, length) as body:
        while piece := body.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


def down(endpoint: str, requests: list[list[dict[str, str]]]) -> dict[str, Any]:
    """The objects, or ranges of them, got by each client one after the other and thrown away."""
    client, sizes = _client(endpoint), [0] * len(requests)

    def run(number: int) -> None:
        for request in requests[number]:
            body = client.get_object(Bucket=BUCKET, **request)["Body"]
            while step := body.read(MIB):
                sizes[number] += len(step)

    return {"elapsed_s": _side_by_side(run, len(requests)), "bytes": sum(sizes)}


def _client(endpoint: str) -> Any:
    if endpoint not in _clients:
        _clients[endpoint] = boto3.client("s3", **client_options(endpoint))
    return _clients[endpoint]


def _side_by_side(run: Callable[[int], None], count: int) -> float:
    """How long all clients took; the first failure of one is raised."""
    started = time.perf_counter()
    with ThreadPoolExecutor(count) as clients:
        for done in [clients.submit(run, number) for number in range(count)]:
            done.result()
    return time.perf_counter() - started


ORDERS: dict[str, Callable[..., dict[str, Any]]] = {"up": up, "down": down}


if __name__ == "__main__":
    obey(lambda order: ORDERS[order.pop("what")](**order))
