"""The parent: it owns the socket and the signals, and starts, watches and ends the others.

It opens no database and runs no thread, so that a fork of it is always whole.
Source: docs/design/0001-processes.md.
"""

import gc
import resource
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from calotype import logs
from calotype.config import Settings
from calotype.http import tls
from calotype.metrics.node import Node
from calotype.processes import folders, preparation, sockets
from calotype.processes.exits import Exit
from calotype.processes.family import Family

Step = Callable[[Settings, str], None]
"""Called with the settings in force and the URL at which this machine reaches the service."""


def run(settings: Settings, *, prepare: Step, announce: Step) -> int:
    """The exit code of the service once it has ended; raises CannotStart when it does not come up.

    *prepare* runs in a child that ends before the first worker starts; *announce* runs here once a worker answers.
    """
    # Read here, once: all workers know the same key, so that a client may resume with one what it began with another.
    encryption = load_tls(settings)
    logs.set_up(settings.serve.log_format)
    raise_file_limit()
    signal.signal(signal.SIGTERM, stop_starting)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that closes, or an operator who means another daemon
    with sockets.listen(settings.serve.host, settings.serve.port) as listener, data_folder(settings) as placed:
        url = sockets.url_of(listener, "https" if encryption else "http")
        load_what_children_share()
        preparation.run(lambda: prepare(placed, url))
        node = Node(placed.serve.workers, time.time())
        return Family(placed, listener, encryption, node, lambda: announce(placed, url)).run()


def load_tls(settings: Settings) -> ssl.SSLContext | None:
    """What connections are encrypted with; None for plain HTTP. Raises Invalid if certificate or key cannot be used."""
    certificate, key = settings.http.tls_cert, settings.http.tls_key
    if certificate is None or key is None:
        return None
    return tls.load(certificate, key)


@contextmanager
def data_folder(settings: Settings) -> Iterator[Settings]:
    """*settings* with a data folder that is there and writable."""
    if settings.serve.ephemeral:
        with folders.ephemeral() as folder:
            yield settings.in_folder(folder)
    else:
        yield settings.in_folder(folders.make(settings.serve.data_dir))


def load_what_children_share() -> None:
    """Import the heavy parts once, before the first fork; frozen, the collector leaves their pages shared."""
    from calotype.processes import worker  # noqa: F401 -- for its effect, and only once the cheap checks have passed

    gc.collect()
    gc.freeze()


def stop_starting(_number: int, _frame: FrameType | None) -> None:
    """End before the service is up, by way of the blocks that clean up."""
    raise SystemExit(Exit.OK)


def raise_file_limit() -> None:
    """Every connection and every transfer is an open file; the soft limit of 1,024 is made for `select`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
