"""Keystone's shapes, read and written. Source: docs/api/identity.md."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from calotype.domain.accounts import ById, ByName, Named, PasswordProof, Scope, Token, TokenProof
from calotype.domain.errors import Invalid, Unauthenticated
from calotype.faces.identity import service_catalogue, wire

DOMAIN = {"id": "default"}
ANN = {"name": "ann", "domain": DOMAIN, "password": "secret"}
BY_PASSWORD = {"methods": ["password"], "password": {"user": ANN}}


def login(identity=BY_PASSWORD, **scope):
    return wire.read_login(json.dumps({"auth": {"identity": identity, **scope}}).encode())


def test_a_password_proves_a_user_by_name_and_domain_or_by_id():
    by_id = {"methods": ["password"], "password": {"user": {"id": "4711", "password": "secret"}}}

    assert login()[0] == [PasswordProof(ByName("ann", "default"), "secret")]
    assert login(by_id)[0] == [PasswordProof(ById("4711"), "secret")]


def test_a_token_is_a_proof_and_methods_named_often_are_one():
    both = {**BY_PASSWORD, "methods": ["token", "password", "token", "password"], "token": {"id": "abc"}}

    assert login(both)[0] == [PasswordProof(ByName("ann", "default"), "secret"), TokenProof("abc")]


def test_a_part_whose_method_is_not_named_is_no_proof():
    assert login({**BY_PASSWORD, "methods": []})[0] == []


@pytest.mark.parametrize(
    ("scope", "read"),
    [
        ({}, Scope.DEFAULT),
        ({"scope": {}}, Scope.DEFAULT),
        ({"scope": "unscoped"}, Scope.NONE),
        ({"scope": {"unscoped": {}}}, Scope.NONE),
        ({"scope": {"project": {"id": "4711"}}}, ById("4711")),
        ({"scope": {"project": {"name": "web", "domain": {"name": "Default"}}}}, ByName("web", "Default")),
        ({"scope": {"domain": DOMAIN}}, Scope.FOREIGN),
        ({"scope": {"system": {"all": True}}}, Scope.FOREIGN),
        ({"scope": {"OS-TRUST:trust": {"id": "4711"}}}, Scope.FOREIGN),
    ],
)
def test_a_scope_is_a_project_or_none_or_left_to_us(scope, read):
    assert login(**scope)[1] == read


@pytest.mark.parametrize(
    "scope",
    [
        None,
        1,
        [],
        "all",
        {"project": {}},
        {"project": {"name": "web"}},
        {"project": {"name": "web", "domain": {}}},
        {"project": {"id": "a"}, "system": {}},
        {"project": None},
        {"project": {"id": 1 << 64}},
        {"domain": "default"},
    ],
)
def test_a_scope_of_another_shape_is_invalid(scope):
    with pytest.raises(Invalid):
        login(scope=scope)


def test_an_unknown_method_is_no_proof_of_anything():
    with pytest.raises(Unauthenticated, match="password, token and application_credential"):
        login({**BY_PASSWORD, "methods": ["password", "totp"]})


@pytest.mark.parametrize(
    "identity",
    [
        {},
        {"methods": "password"},
        {"methods": [1]},
        {"methods": ["password"]},
        {"methods": ["token"]},
        {"methods": ["token"], "token": {}},
        {"methods": ["password"], "password": {"user": {"name": "ann", "password": "secret"}}},
        {"methods": ["password"], "password": {"user": {"domain": DOMAIN, "password": "secret"}}},
        {"methods": ["password"], "password": {"user": {"name": "ann", "domain": DOMAIN}}},
        {"methods": ["password"], "password": {"user": {"name": "ann", "domain": DOMAIN, "password": None}}},
        {"methods": ["password"], "password": {"user": [ANN]}},
    ],
)
def test_an_identity_of_another_shape_is_invalid(identity):
    with pytest.raises(Invalid):
        login(identity)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{}",
        b"\xff",
        b'"\\ud800"',
        b'{"auth": NaN}',
        b'{"a": ' + b"[" * 50_000,
        b"[" * 50_000,
        b'{"auth": 123456789012345678901234567890}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_login_is_invalid(body):
    with pytest.raises(Invalid):
        wire.read_login(body)


def test_the_reason_for_a_refused_body_does_not_repeat_its_secrets():
    with pytest.raises(Invalid) as refusal:
        login({"methods": ["password"], "password": {"user": {**ANN, "password": ["swordfish"]}}})

    assert "swordfish" not in str(refusal.value)


def test_nocatalog_counts_whatever_its_value():
    assert wire.wants_services("")
    assert wire.wants_services("catalog")
    assert not wire.wants_services("a=b&nocatalog")
    assert not wire.wants_services("nocatalog=false")


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = Token(
    user=Named("u1", "ann"),
    project=Named("p1", "web"),
    roles=("member",),
    methods=("password",),
    audit_ids=("a1",),
    issued_at=NOON,
    expires_at=NOON + timedelta(hours=1, microseconds=5),
)


def test_a_token_for_a_project_is_written_as_keystone_does():
    written = wire.write_token(TOKEN, None)

    domain = {"id": "default", "name": "Default"}
    assert written == {
        "token": {
            "methods": ["password"],
            "user": {"id": "u1", "name": "ann", "domain": domain, "password_expires_at": None},
            "audit_ids": ["a1"],
            "expires_at": "2026-03-01T13:00:00.000005Z",
            "issued_at": "2026-03-01T12:00:00.000000Z",
            "project": {"id": "p1", "name": "web", "domain": domain},
            "is_domain": False,
            "roles": [{"id": "member", "name": "member"}],
        }
    }


def test_an_unscoped_token_has_neither_project_nor_roles_nor_services():
    unscoped = Token(**{name: getattr(TOKEN, name) for name in TOKEN.__slots__} | {"project": None, "roles": ()})

    written = wire.write_token(unscoped, service_catalogue.write_services("http://calotype:9292", v1_enabled=True))

    assert set(written["token"]) == {"methods", "user", "audit_ids", "expires_at", "issued_at"}


def test_the_services_are_identity_and_image_and_image_v1_at_three_interfaces_each():
    told = service_catalogue.write_services("http://calotype:9292", v1_enabled=True)
    services = wire.write_token(TOKEN, told)["token"]["catalog"]

    urls = {
        (service["type"], endpoint["interface"], endpoint["region"]): endpoint["url"]
        for service in services
        for endpoint in service["endpoints"]
    }
    at = {
        "identity": "http://calotype:9292/identity/v3",
        "image": "http://calotype:9292",
        "imagev1": "http://calotype:9292",
    }
    interfaces = ("public", "internal", "admin")
    assert urls == {(kind, interface, "RegionOne"): url for kind, url in at.items() for interface in interfaces}
    ids = [endpoint["id"] for service in services for endpoint in service["endpoints"]]
    assert len(set(ids)) == 9


def test_a_time_of_another_zone_is_written_in_utc():
    there = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))

    assert wire.write_time(there) == "2026-03-01T12:00:00.000000Z"


def test_a_service_that_is_not_offered_is_not_listed():
    told = service_catalogue.write_services("http://calotype:9292", v1_enabled=False)

    assert [service["type"] for service in told] == ["identity", "image"]
