"""One connection: aiohttp's parser and flow control; the loop, the timers, the refusals and the end are ours.

Of aiohttp's `RequestHandler` we keep what feeds the parser and holds back a client that is too fast. We replace its
loop over requests, which logs, answers errors in its own words, and has a timer for idle connections only.
Source: docs/design/0003-door.md.
"""

import asyncio
import errno
import math
import os
import socket
from typing import BinaryIO, Protocol

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler

from calotype.http.errors import BrokenBlob, BrokenBody, HttpError
from calotype.http.options import HttpOptions

_READ_BUFFER_BYTES = 256 * 1024

#: What a socket is offered of a file before its loop is asked to wait; others wait meanwhile, for 0.2 ms.
_AT_ONCE_BYTES = 1024 * 1024


class Answering(Protocol):
    """Who answers what a connection brings."""

    async def answer(self, connection: "Connection", message: RawRequestMessage, payload: StreamReader) -> bool:
        """Answer one request; True if the connection may be used for another."""

    async def refuse(self, connection: "Connection", problem: HttpError) -> None:
        """Answer bytes that are no request."""


class Connection(RequestHandler):
    """A client's connection; everything on it happens on the loop's thread."""

    __slots__ = (
        "_answering",
        "_at_work",
        "_deadline",
        "_ended",
        "_has_begun_header",
        "_has_unread",
        "_header_bytes",
        "_is_half_closed",
        "_is_retiring",
        "_is_secure",
        "_newest_payload",
        "_options",
        "_problem",
        "_timer",
    )

    def __init__(
        self, manager: web.Server, answering: Answering, options: HttpOptions, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            keepalive_timeout=0,  # aiohttp's timer is off: ours knows headers from idleness
            max_line_size=options.target_max_bytes,
            max_field_size=options.header_line_max_bytes,
            max_headers=options.max_headers,
            read_bufsize=_READ_BUFFER_BYTES,
            auto_decompress=False,
        )
        self._answering = answering
        self._options = options
        self._newest_payload: StreamReader = EMPTY_PAYLOAD  # at its end whatever arrives belongs to a header
        self._header_bytes = 0
        self._has_begun_header = False
        self._problem: HttpError | None = None
        self._has_unread = False
        self._at_work: StreamReader | None = None  # the body of the request that is being answered
        self._is_half_closed = False
        self._is_retiring = False
        self._is_secure = False
        self._ended: asyncio.Future[None] | None = None
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

    # -- what the door needs ------------------------------------------------------------------------------------------

    @property
    def client(self) -> str:
        """The address at the other end."""
        peer = self.peername
        return str(peer[0]) if isinstance(peer, tuple) else ""

    @property
    def scheme(self) -> str:
        return "https" if self._is_secure else "http"

    @property
    def own_host(self) -> str:
        """Where the client has reached us, as a Host header says it."""
        name = self.sockname
        if not isinstance(name, tuple):
            return "localhost"
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"

    @property
    def sends_files(self) -> bool:
        """True if `send_file` may be called: what the kernel sends of a file nobody encrypts."""
        return not self._is_secure

    @property
    def is_last(self) -> bool:
        """True if nothing more will be read after the request at work."""
        return self._is_retiring or self._close or self._force_close

    async def send(self, data: bytes) -> None:
        """Hand *data* to the network, and wait while it takes no more. Raises OSError when the client is gone."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        transport.write(data)
        if self.writing_paused:
            await self._drain_helper()

    async def send_file(self, file: BinaryIO, first: int, length: int) -> None:
        """Send a part of *file* from kernel to kernel. Raises OSError when the client is gone, BrokenBlob for a bad file."""
        transport = self.transport
        if length == 0:
            return
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        try:
            sent = _send_at_once(transport, file, first, length)
            if sent < length:
                sent += await self._loop.sendfile(transport, file, first + sent, length - sent)
        except OSError as error:
            if error.errno == errno.EIO:  # a disk's; no network has it
                raise BrokenBlob("the file could not be read") from error
            raise
        if sent != length:
            raise BrokenBlob(f"the file ended after {sent} of {length} bytes")

    def hang_up(self) -> None:
        """End the connection at once: the only way to say that an answer is not whole."""
        if self.transport is not None:
            self.transport.abort()

    # -- what the server needs ----------------------------------------------------------------------------------------

    def retire(self) -> None:
        """Take no more requests; ends at once when idle, else after the answer under way."""
        self._is_retiring = True
        self._wake()

    def stop(self) -> None:
        """Break the body off that is being received, so that its sink can clean up."""
        if self._at_work is not None:
            self._at_work.set_exception(BrokenBody(503, "The server is stopping.", (("Retry-After", "5"),)))

    def abandon(self) -> None:
        """End the connection and whatever is at work on it."""
        if self._task_handler is not None:
            self._task_handler.cancel()
        self.hang_up()

    # -- events of the network ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._is_secure = transport.get_extra_info("sslcontext") is not None
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None and hasattr(socket, "TCP_USER_TIMEOUT") and peer.family != socket.AF_UNIX:
            stall_ms = int(self._options.send_stall_s * 1000)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stall_ms)

    def data_received(self, data: bytes) -> None:
        is_header = self._newest_payload.is_eof()
        count = self._request_count
        super().data_received(data)
        if self._request_count != count:
            self._note_messages(data)
        elif is_header and data and not self._close:
            self._note_partial_header(len(data))

    def _note_messages(self, data: bytes) -> None:
        """Note what the parser made of *data*, besides ends of bodies: requests, or an error behind them."""
        self._header_bytes = 0
        message, payload = self._messages[-1]
        if isinstance(message, RawRequestMessage):
            self._newest_payload = payload
            # Bytes behind a request without body begin another. (Behind a body they go unnoticed until more come.)
            self._has_begun_header = payload is EMPTY_PAYLOAD and not b"\r\n\r\n".endswith(data[-4:])
            return
        # The parser gives up; aiohttp has put its error behind the requests that were whole.
        self._messages.pop()
        if self._newest_payload.is_eof():
            self._fail(_as_refusal(message.exc, self._options))
        else:
            self._close = True
            self._newest_payload.set_exception(BrokenBody(400, "The body is not framed as HTTP asks for."))

    def _note_partial_header(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > self._options.headers_max_bytes + self._options.target_max_bytes:
            self._fail(HttpError(431, "The headers are too long."))
        elif not self._has_begun_header:
            self._has_begun_header = True
            if self._waiter is not None:
                self._expect_within(self._options.header_timeout_s)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio wants to know; aiohttp's always says None
        """True if there is still something to answer: the client has only ended its own half, which TLS has no word for."""
        self._is_half_closed = True
        if not self._newest_payload.is_eof():
            self._newest_payload.set_exception(BrokenBody(400, "The client hung up before the body was whole."))
        self._wake()
        return not self._is_secure and (self._at_work is not None or bool(self._messages))

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._deadline = math.inf
        if self._timer is not None:
            self._timer.cancel()
        for payload in (self._at_work, self._newest_payload):
            if payload is not None:
                payload.set_exception(BrokenBody(400, "The client hung up."))
        self._wake()

    # -- the loop over requests ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Answer requests until the connection ends."""
        try:
            while await self._has_request():
                message, payload = self._take()
                self._at_work = payload
                is_kept = await self._answering.answer(self, message, payload)
                self._at_work = None
                if not is_kept:
                    self._has_unread = not payload.is_eof()
                    break
            else:
                if self._problem is not None and self.transport is not None:
                    self._has_unread = True
                    await self._answering.refuse(self, self._problem)
            await self._linger()
        except OSError:
            self.hang_up()
        finally:
            self._at_work = None
            if self.transport is not None:
                self.transport.close()

    async def _has_request(self) -> bool:
        """Wait for a request; False if none will come."""
        while not self._messages:
            if self._problem or self._is_retiring or self._is_half_closed or self._close or self.transport is None:
                return False
            self._waiter = self._loop.create_future()
            self._expect_within(
                self._options.header_timeout_s if self._has_begun_header else self._options.idle_timeout_s
            )
            try:
                await self._waiter
            finally:
                self._waiter = None
                self._deadline = math.inf
        return self.transport is not None

    def _take(self) -> tuple[RawRequestMessage, StreamReader]:
        message, payload = self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        assert isinstance(message, RawRequestMessage)  # noqa: S101 -- errors were taken out in _note_messages
        return message, payload

    async def _linger(self) -> None:
        """Let a client that is still sending read our answer first: what is unread at the close resets the connection."""
        transport = self.transport
        if not self._has_unread or transport is None or transport.is_closing() or self._is_half_closed:
            return
        self._close = True  # what arrives now is dropped
        if transport.can_write_eof():  # not over TLS
            transport.write_eof()
        transport.resume_reading()
        self._ended = self._loop.create_future()
        await asyncio.wait([self._ended], timeout=self._options.linger_s)

    def _fail(self, problem: HttpError) -> None:
        """Answer *problem* after the requests that are whole, and end."""
        self._problem = problem
        self._close = True
        self._wake()

    def _wake(self) -> None:
        for waiter in (self._waiter, self._ended):
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    # -- the timer ----------------------------------------------------------------------------------------------------

    def _expect_within(self, seconds: float) -> None:
        """Be woken in *seconds* unless a request is there. One handle moves on lazily: arming it costs nothing mostly."""
        self._deadline = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._look_at_time)

    def _look_at_time(self) -> None:
        self._timer = None
        if self._deadline == math.inf:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look_at_time)
        elif self._has_begun_header:
            self._fail(HttpError(408, f"The headers took longer than {self._options.header_timeout_s:g} s."))
        else:
            self.retire()


def _send_at_once(transport: asyncio.Transport, file: BinaryIO, first: int, length: int) -> int:
    """How many bytes of *file* the socket has taken without waiting: of a small file mostly all.

    The loop's way, which stops reading, waits until it may write and begins again, takes 0.2 ms longer.
    """
    if transport.get_write_buffer_size():
        return 0
    descriptor = transport.get_extra_info("socket").fileno()
    try:
        return os.sendfile(descriptor, file.fileno(), first, min(length, _AT_ONCE_BYTES))
    except BlockingIOError:
        return 0


def _as_refusal(error: BaseException, options: HttpOptions) -> HttpError:
    """The parser's *error* as an answer; its own text would echo bytes of the request, tokens among them."""
    if isinstance(error, LineTooLong):
        is_target = error.args[1] == options.target_max_bytes
        return HttpError(414 if is_target else 431, "The request target or a header is too long.")
    text = error.message if isinstance(error, HttpProcessingError) else ""
    if text == "Too many headers received":
        return HttpError(431, f"There are more than {options.max_headers} headers.")
    if text.startswith(("Missing 'Host'", "Duplicate '")):
        return HttpError(400, text)
    return HttpError(400, "This is not an HTTP request.")
