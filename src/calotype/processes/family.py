"""The children of one service, web workers and a housekeeper, kept alive until a signal ends them all."""

import logging
import os
import selectors
import signal
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from calotype.config import Settings
from calotype.metrics.chores import ChoreMeter
from calotype.metrics.node import Node, Seat
from calotype.processes import forks, housekeeper, worker
from calotype.processes.exits import CannotStart, Exit

log = logging.getLogger(__name__)

#: Deaths within the window that are borne, of the housekeeper and for each web worker there is, before the parent gives up:
#: something is wrong that a new one does not cure. Not so many for all workers: who kills them all at once kills each once.
DEATHS_ALLOWED = 5
DEATHS_WINDOW_S = 30.0

#: What a child needs, after the times it is given, to close connections and files before it is killed.
GRACE_S = 3.0

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Kind(StrEnum):
    """What a child is."""

    WORKER = "web worker"
    HOUSEKEEPER = "housekeeper"


@dataclass(frozen=True, slots=True)
class Child:
    """*seat*: where it counts; who takes its place goes on counting there."""

    kind: Kind
    seat: Seat


class Family:
    """The parent's view of its children; *on_ready* is called once, when all workers answer. They count on *node*."""

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        tls: ssl.SSLContext | None,
        node: Node,
        on_ready: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._tls = tls
        self._node = node
        self._on_ready = on_ready
        self._children: dict[int, Child] = {}
        self._deaths = {
            Kind.WORKER: deque[float](maxlen=DEATHS_ALLOWED * settings.serve.workers),
            Kind.HOUSEKEEPER: deque[float](maxlen=DEATHS_ALLOWED),
        }
        self._not_ready = settings.serve.workers
        self._kill_at: float | None = None
        self._ready_out, self._ready_in = os.pipe()
        self._alive_out, self._alive_in = os.pipe()
        self._wake_out, self._wake_in = os.pipe()

    def run(self) -> int:
        """Ends with 0 after SIGTERM or SIGINT; raises CannotStart when children cannot be kept alive."""
        self._listen_to_signals()
        for number in range(self._settings.serve.workers):
            self._start(Child(Kind.WORKER, self._node.worker(number)))
        with selectors.DefaultSelector() as selector:
            selector.register(self._ready_out, selectors.EVENT_READ)
            selector.register(self._wake_out, selectors.EVENT_READ)
            while self._children:
                self._wait(selector)
        for ending in ENDING_SIGNALS:
            # The interpreter gives handlers back to the kernel at its own end, where one more signal would be our death.
            signal.signal(ending, signal.SIG_IGN)
        return Exit.OK

    def _listen_to_signals(self) -> None:
        """Turn signals into bytes in a pipe: the loop sees them one by one and nothing runs between two lines."""
        for number in (self._wake_in, self._wake_out):
            os.set_blocking(number, False)
        signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        for ending in (*ENDING_SIGNALS, signal.SIGCHLD):
            signal.signal(ending, lambda _number, _frame: None)

    def _start(self, child: Child) -> None:
        be = self._be_worker if child.kind is Kind.WORKER else self._be_housekeeper
        self._children[forks.fork(lambda: be(child.seat))] = child
        self._note_workers()

    def _note_workers(self) -> None:
        self._node.note_workers(sum(child.kind is Kind.WORKER for child in self._children.values()))

    def _be_worker(self, seat: Seat) -> int:
        self._let_go()
        return worker.run(self._settings, self._listener, self._tls, seat, ready=self._ready_in, parent=self._alive_out)

    def _be_housekeeper(self, seat: Seat) -> int:
        self._let_go()
        self._listener.close()
        os.close(self._ready_in)
        return housekeeper.run(self._settings, parent=self._alive_out, figures=ChoreMeter(seat))

    def _let_go(self) -> None:
        """In a child: close the parent's ends. End of file on `_alive_out` says that the parent is gone."""
        for number in (self._ready_out, self._alive_in, self._wake_in, self._wake_out):
            os.close(number)

    def _wait(self, selector: selectors.BaseSelector) -> None:
        timeout = None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())
        events = selector.select(timeout)
        if not events:
            self._kill()
        for key, _ in events:
            if key.fd == self._ready_out:
                self._note_ready()
            else:
                for number in os.read(self._wake_out, 256):
                    self._take_signal(number)

    def _note_ready(self) -> None:
        """Count the bytes of workers that answer; before all of the first ones do, none is replaced."""
        count = len(os.read(self._ready_out, 64))
        if self._not_ready == 0:
            return
        self._not_ready -= count
        if self._not_ready == 0:
            if self._settings.housekeeping.housekeeping_interval_s:
                self._start(Child(Kind.HOUSEKEEPER, self._node.housekeeper))
            self._on_ready()

    def _take_signal(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number in ENDING_SIGNALS and self._kill_at is None:
            self._drain()
        elif number in ENDING_SIGNALS:
            self._kill()

    def _drain(self) -> None:
        http = self._settings.http
        log.info("ending; transfers may go on for %g s, a second signal ends them", http.drain_timeout_s)
        self._kill_at = time.monotonic() + http.drain_timeout_s + http.give_up_timeout_s + GRACE_S
        self._listener.close()
        self._send(signal.SIGTERM)

    def _kill(self) -> None:
        self._send(signal.SIGKILL)
        self._kill_at = time.monotonic() + GRACE_S

    def _send(self, number: signal.Signals) -> None:
        for pid in self._children:
            os.kill(pid, number)

    def _reap(self) -> None:
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._replace(pid, self._children.pop(pid), forks.code_of(status))

    def _replace(self, pid: int, child: Child, code: int) -> None:
        """Start another one for *child*, *pid*, which ended with *code*, unless we are ending or it makes no sense."""
        kind = child.kind
        if self._kill_at is not None:
            return
        if self._not_ready:
            self._send(signal.SIGKILL)
            raise CannotStart(Exit(code) if code in set(Exit) else Exit.BUG, f"A web worker ended at once ({code}).")
        now, deaths = time.monotonic(), self._deaths[kind]
        if len(deaths) == deaths.maxlen and now - deaths[0] < DEATHS_WINDOW_S:
            self._send(signal.SIGKILL)
            raise CannotStart(Exit.BUG, f"Processes keep dying, the last one, a {kind}, with {code}; giving up.")
        deaths.append(now)
        log.error("%s %d ended with %d; another one takes its place", kind, pid, code)
        self._node.note_death(kind, child.seat)
        self._start(child)
