"""The one call a request makes: who asks, which handler, what it answers. Made on the loop, run on a thread."""

import random
import time
from dataclasses import dataclass
from typing import Any

from calotype.domain import attempts, occasions
from calotype.domain.attempts import Attempt
from calotype.domain.callers import Caller
from calotype.domain.occasions import Occasion
from calotype.http import errors, heads, sending
from calotype.http.bodies import too_large
from calotype.http.errors import HttpError
from calotype.http.heads import Head
from calotype.http.messages import Receive, Request, Response
from calotype.http.options import HttpOptions
from calotype.http.routes import Face, Pool, Route, Wants
from calotype.http.sending import Download

#: Pauses before a call is made again, each somewhere between its half and its whole: who collided does not do so again.
_PAUSES_S = (0.02, 0.1, 0.4)

#: A call that has taken so long is not made again: its client waits.
_PATIENCE_S = 1.5


@dataclass(frozen=True, slots=True)
class Answer:
    """A response ready to leave. *length*: of its body, also where a HEAD leaves it out."""

    response: Response
    length: int
    download: Download | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    """A request on its way to a handler. *problem*: why no handler runs; told only to callers who have proved themselves."""

    services: Any
    face: Face
    request: Request
    route: Route | None
    params: dict[str, str]
    problem: HttpError | None
    occasion: Occasion
    body: bytes = b""
    caller: Caller | None = None

    @property
    def pool(self) -> Pool:
        return Pool.SHORT if self.route is None else self.route.pool

    @property
    def wants_json(self) -> bool:
        """True if the handler waits for a body that we may read."""
        wants = self.route is not None and self.route.wants is Wants.JSON
        return wants and self.problem is None and self.request.has_body

    def authenticate(self) -> None:
        """Fill in the caller, once, where the face asks for one. Raises Unauthenticated."""
        if self.face.authenticate is not None and self.caller is None:
            self.caller = self.face.authenticate(self.services, self.request)

    def run(self) -> Answer | Receive:
        """What the handler answers. Raises what it raises, and before it Unauthenticated or the problem, in this order.

        It is called again, a few times, where the catalogue had to let go of what it was doing before it kept anything.
        """
        token = occasions.enter(self.occasion)
        began = time.monotonic()
        try:
            for pause_s in _PAUSES_S:
                try:
                    return self._attempt(is_last=time.monotonic() - began > _PATIENCE_S)
                except attempts.Again:
                    time.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 -- no secret
            return self._attempt(is_last=True)
        finally:
            occasions.leave(token)

    def _attempt(self, *, is_last: bool) -> Answer | Receive:
        """Raises Again instead of what would be raised if all may be done once more from the start."""
        token = attempts.enter(Attempt(is_last=is_last))
        try:
            return self._run()
        except attempts.REPEATABLE as error:
            if attempts.is_begun_again(error):
                raise attempts.Again from error
            raise
        finally:
            attempts.leave(token)

    def _run(self) -> Answer | Receive:
        self.authenticate()
        if self.problem is not None:
            raise self.problem
        assert self.route is not None  # noqa: S101 -- where there is none, there is a problem
        request = heads.with_parts(self.request, self.params, self.body, self.caller)
        outcome = self.route.handler(self.services, request)
        return outcome if isinstance(outcome, Receive) else prepared(outcome, self.request.method)


def prepared(response: Response, method: str) -> Answer:
    """*response* with its blob open to leave; a HEAD has no use for the blob but its size."""
    blob = response.blob
    if blob is None:
        return Answer(response, len(response.body))
    if method == "HEAD":
        length = blob.size
        blob.close()
        return Answer(response, length)
    download = sending.open_download(blob, response.part)
    return Answer(response, download.length, download)


def look_up(services: Any, face: Face, request: Request, head: Head, options: HttpOptions) -> Call:
    """The call that *request* is, its problem included. Nothing is told yet: that is for `run`, after the caller is known."""
    route: Route | None = None
    params: dict[str, str] = {}
    problem: HttpError | None = None
    try:
        route, params = _route(face, request)
        problem = _body_problem(route, head, options)
    except HttpError as error:
        problem = error
    occasion = Occasion(head.request_id, head.client)
    return Call(
        services=services, face=face, request=request, route=route, params=params, problem=problem, occasion=occasion
    )


def _route(face: Face, request: Request) -> tuple[Route, dict[str, str]]:
    """Raises HttpError 404, 405, and 400 for a path that cannot be text."""
    try:
        match = face.table.match(request.path)
    except UnicodeDecodeError:
        raise HttpError(400, "The path is not UTF-8 once percent-decoded.") from None
    if match is None:
        raise errors.not_found()
    methods, params = match
    if any("\0" in part for part in params.values()):
        raise HttpError(400, "The path holds a NUL.")
    if request.method not in methods:
        raise errors.method_not_allowed(list(methods))
    return methods[request.method], params


def _body_problem(route: Route, head: Head, options: HttpOptions) -> HttpError | None:
    """Why the announced body is refused unread: an unpacked body could be a thousand times what was sent."""
    if not head.has_body or route.wants is Wants.NOTHING:
        return None
    if route.wants is Wants.NO_BODY:
        return HttpError(400, "This request takes no body.")
    if head.is_encoded:
        return HttpError(415, "A body with a Content-Encoding is not understood.")
    if route.wants is Wants.JSON and (head.declared_length or 0) > options.json_max_bytes:
        return too_large(options)
    return None
