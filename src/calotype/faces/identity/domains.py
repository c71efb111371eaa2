"""The one domain there is. Source: openstack/keystone:keystone/api/domains.py."""

from calotype.domain.accounts import DOMAIN_ID
from calotype.domain.errors import NotFound
from calotype.faces.identity import entries, filters, wire
from calotype.faces.identity.proof import caller_of
from calotype.http.messages import Request, Response, json_response
from calotype.http.routes import Route
from calotype.service.services import Services


def list_all(services: Services, request: Request) -> Response:
    services.directory.check_domains(caller_of(services, request))
    found = [entries.write_domain(entries.base_url(request))] if filters.finds_domain(request.raw_query) else []
    return json_response(entries.write_list("domains", found, request), headers=wire.VARY)


def show(services: Services, request: Request) -> Response:
    domain_id = request.params["domain"]
    services.directory.check_domain(caller_of(services, request), domain_id)
    if domain_id != DOMAIN_ID:
        raise NotFound(f"Could not find domain: {domain_id}.")
    return json_response({"domain": entries.write_domain(entries.base_url(request))}, headers=wire.VARY)


ROUTES = [
    Route("GET", "/domains", list_all),
    Route("HEAD", "/domains", list_all),
    Route("GET", "/domains/{domain}", show),
    Route("HEAD", "/domains/{domain}", show),
]
