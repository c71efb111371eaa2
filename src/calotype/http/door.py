"""One request, from its head to its answer: find the face, read a small body, one hop to a thread, answer.

Source: docs/design/0003-door.md.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from calotype.domain.errors import CalotypeError
from calotype.http import bodies, calls, errors, heads, pump, request_ids, sending
from calotype.http.access_log import AccessLog
from calotype.http.calls import Answer
from calotype.http.errors import BrokenBody, HttpError
from calotype.http.forwarded import Proxies
from calotype.http.heads import Head
from calotype.http.messages import Receive, Request
from calotype.http.meter import UNMETERED, Direction, Meter
from calotype.http.options import HttpOptions
from calotype.http.pools import Pools
from calotype.http.protocol import Connection
from calotype.http.routes import METHODS, Face, Pool

Find = Callable[[Request], tuple[Face, str] | None]
"""The face that a request belongs to by its whole raw path (or its `Accept`), and the prefix of it that the path begins
with; None where there is none."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class _Exchange:
    """A request while it is being answered."""

    connection: Connection
    payload: StreamReader
    head: Head
    must_close: bool = False
    was_invited: bool = False
    face: str | None = None
    route: str | None = None
    received_bytes: int = 0  # of the body, as far as they are counted


class Door:
    """Answers the requests of all connections of a process. *log* takes events with fields, like `logs.Log`."""

    def __init__(self, services: Any, find: Find, options: HttpOptions, log: Any, meter: Meter = UNMETERED) -> None:
        self._services = services
        self._find = find
        self._options = options
        self._proxies = Proxies(options.trusted_proxies)
        self._log = AccessLog(log)
        self.meter = meter
        self._pools = Pools(options, meter)

    def close(self) -> None:
        """End the threads; after the last connection."""
        self._pools.close(self._options.give_up_timeout_s)

    async def answer(self, connection: Connection, message: RawRequestMessage, payload: StreamReader) -> bool:
        """Answer one request; True if the connection may be used for another."""
        began = time.perf_counter()
        self.meter.began()
        head = heads.read(message, self._options, self._proxies, connection)
        exchange = _Exchange(connection, payload, head)
        answer = await self._answer_to(exchange)
        is_kept = self._may_be_kept(exchange)
        sent_bytes = await self._send(exchange, answer, _persistence(head, is_kept=is_kept))
        took_s = time.perf_counter() - began
        status = answer.response.status
        self._log.answered(head.method, head.path, status, sent_bytes, took_s, head.request_id, head.client)
        # What no handler has taken came by all the same: small bodies, and those of refused requests.
        self._count(exchange, Direction.RECEIVED, payload.total_bytes - exchange.received_bytes)
        self.meter.answered(exchange.face, head.method, exchange.route, status, took_s)
        return is_kept and await self._skip_rest(payload)

    async def refuse(self, connection: Connection, problem: HttpError) -> None:
        """Answer bytes that are no request."""
        request_id = request_ids.new()
        response = errors.write_plain(problem)
        body = response.body
        await connection.send(sending.head_bytes(response, len(body), request_id, "close") + body)
        self._log.answered("-", "-", response.status, len(body), 0.0, request_id, connection.client)
        self.meter.refused(response.status)

    # -- from head to answer ------------------------------------------------------------------------------------------

    async def _answer_to(self, exchange: _Exchange) -> Answer:
        """The answer, whatever happens on the way to it."""
        face: Face | None = None
        request = exchange.head.request("")
        try:
            found = self._find(request)
            if found is None:
                raise exchange.head.problem or errors.not_found()
            face, prefix = found
            exchange.face = face.name
            request = exchange.head.request(prefix)
            return await self._outcome(exchange, face, request)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log its trace
            return self._written(exchange, face, request, error)

    async def _outcome(self, exchange: _Exchange, face: Face, request: Request) -> Answer:
        """What the handler makes of the request. Raises what is wrong with it, and what the handler raises."""
        head = exchange.head
        if head.method not in METHODS:
            raise errors.not_implemented(head.method)
        if head.problem is not None:
            raise head.problem
        call = calls.look_up(self._services, face, request, head, self._options)
        exchange.route = None if call.route is None else face.prefixes[0] + call.route.path
        if call.wants_json:
            if head.expects_continue:
                await self._pools.call(Pool.SHORT, call.authenticate)
            await _invite(exchange)
            call.body = await bodies.read_whole(exchange.payload, self._options)
        outcome = await self._pools.call(call.pool, call.run)
        if not isinstance(outcome, Receive):
            return outcome
        count = partial(self._count, exchange, Direction.RECEIVED)
        response = await pump.receive(
            exchange.payload, outcome, partial(_invite, exchange), self._pools, self._options, self.meter, count
        )
        return Answer(response, len(response.body))

    def _written(self, exchange: _Exchange, face: Face | None, request: Request, error: Exception) -> Answer:
        """*error* as the face says it; one that is no refusal of ours is a bug: logged here, a plain 500 there."""
        request_id = exchange.head.request_id
        if not isinstance(error, HttpError | CalotypeError):
            self._log.failed(request_id, error)
            error = errors.unexpected()
        if isinstance(error, HttpError):
            exchange.must_close |= error.close
        if face is None:
            return calls.prepared(errors.write_plain(error), request.method)
        try:
            response = face.write_error(error, request)
        except Exception as bug:  # noqa: BLE001 -- a face that cannot write an error must not leave the client waiting
            self._log.failed(request_id, bug)
            response = errors.write_plain(errors.unexpected())
        if response.status >= 500 and isinstance(error, CalotypeError):
            self._log.failed(request_id, error)
        return calls.prepared(response, request.method)

    # -- from answer to wire ------------------------------------------------------------------------------------------

    async def _send(self, exchange: _Exchange, answer: Answer, persistence: str | None) -> int:
        """Send *answer* and return the bytes of its body; hang up when its end cannot be sent."""
        connection, request_id = exchange.connection, exchange.head.request_id
        head = sending.head_bytes(answer.response, answer.length, request_id, persistence)
        try:
            if answer.download is not None:
                count = partial(self._count, exchange, Direction.SENT)
                await sending.send_download(connection, head, answer.download, self._pools, self.meter, count)
                return answer.length
            body = b"" if exchange.head.method == "HEAD" else answer.response.body
            await connection.send(head + body)
            self._count(exchange, Direction.SENT, len(body))
            return len(body)
        except OSError as error:
            self._log.hung_up(request_id, str(error))
        except Exception as error:  # noqa: BLE001 -- the answer has begun: nobody else can be told
            self._log.failed(request_id, error)
        connection.hang_up()
        return 0

    def _count(self, exchange: _Exchange, direction: Direction, length: int) -> None:
        """Note so many bytes of a body that went by."""
        if direction is Direction.RECEIVED:
            exchange.received_bytes += length
        if length:
            self.meter.moved(direction, exchange.face, exchange.route, length)

    def _may_be_kept(self, exchange: _Exchange) -> bool:
        """True if the next request begins where this one's body ends, and that end is here or near."""
        head, payload = exchange.head, exchange.payload
        if exchange.must_close or head.is_last or exchange.connection.is_last:
            return False
        if payload.is_eof():
            return True
        if payload.exception() is not None or (head.expects_continue and not exchange.was_invited):
            return False
        length = head.declared_length
        return length is not None and length - payload.total_bytes <= self._options.leftover_max_bytes

    async def _skip_rest(self, payload: StreamReader) -> bool:
        """Read what is left of a body that nobody wanted; False if it does not come soon."""
        if payload.is_eof():
            return True
        try:
            async with asyncio.timeout(self._options.linger_s):
                while await payload.readany():
                    pass
        except (TimeoutError, HttpError):
            return False
        return True


async def _invite(exchange: _Exchange) -> None:
    """Ask for the body, if the client waits for that and has not sent it all the same. Raises BrokenBody if it is gone."""
    exchange.was_invited = True
    if not exchange.head.expects_continue or exchange.payload.is_eof():
        return
    try:
        await exchange.connection.send(_CONTINUE)
    except OSError as error:
        raise BrokenBody(400, "The client hung up.") from error


def _persistence(head: Head, *, is_kept: bool) -> str | None:
    """The value of the `Connection` header; None where the version's default says the same."""
    if not is_kept:
        return "close"
    return None if head.knows_persistence else "keep-alive"
