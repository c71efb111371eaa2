"""Who asks. This face asks route by route, since logging in needs no proof."""

from calotype.domain.callers import Caller
from calotype.http.messages import Request
from calotype.service.services import Services


def caller_of(services: Services, request: Request) -> Caller:
    """Whoever bears the token in X-Auth-Token. Raises Unauthenticated."""
    return services.accounts.authenticate(request.header("x-auth-token"))
