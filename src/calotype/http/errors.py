"""What can be wrong with a request before any dialect's rules are asked."""


class HttpError(Exception):
    """A request that cannot be served as HTTP; *status* is the answer's, the text safe to show.

    *headers* belong to the answer (`Allow`, `Retry-After`). *close*: the connection cannot be used again.
    """

    def __init__(
        self, status: int, reason: str, headers: tuple[tuple[str, str], ...] = (), *, close: bool = False
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers
        self.close = close


def not_found() -> HttpError:
    return HttpError(404, "The resource could not be found.")


def method_not_allowed(allowed: list[str]) -> HttpError:
    return HttpError(405, "The method is not allowed for this resource.", (("Allow", ", ".join(allowed)),))
