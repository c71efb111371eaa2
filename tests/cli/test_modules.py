"""What a start costs, as the modules it loads: each of these was measured to cost more than it gives there."""

import importlib.metadata
import sys

import pytest

import servers

#: What a second start and the first requests may load.
PACKAGES = {
    "aiohappyeyeballs",
    "aiohttp",
    "aiosignal",
    "argon2",
    "attr",
    "attrs",
    "cyclopts",
    "frozenlist",
    "idna",
    "iso8601",
    "msgspec",
    "multidict",
    "propcache",
    "sqlalchemy",
    "typing_extensions",
    "yarl",
}

#: Needed by commands and upgrades, by other databases and stores, or by tests; never to answer a request.
TOO_HEAVY = {
    "alembic",
    "boto3",
    "docutils",
    "hypothesis",
    "jsonschema",
    "keystoneauth1",
    "mako",
    "netaddr",
    "oslo_i18n",
    "oslo_policy",
    "psycopg",
    "pygments",
    "pytest",
    "rich",
    "sqlalchemy.orm",
    "structlog",
    "urllib3",
    "yaml",
    "zstandard",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> set[str]:
    """Every module that any process of a second start and its first requests has imported."""
    folder = tmp_path_factory.mktemp("modules")
    servers.start(folder / "log", "--data-dir", folder / "data").stop()
    server = servers.start(folder / "log", "--data-dir", folder / "data", PYTHONPROFILEIMPORTTIME="1")
    assert server.request("GET", "/v1.1/images/detail").status == 200
    assert server.request("GET", "/readyz").status == 200
    server.stop()
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_an_idle_service_has_loaded_nothing_that_it_does_not_need(loaded):
    assert "calotype.http.door" in loaded
    assert not loaded & TOO_HEAVY


def test_the_packages_an_idle_service_has_loaded_are_these(loaded):
    """A new one here is a decision: it costs every start, and memory in every worker."""
    names = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    distributions = importlib.metadata.packages_distributions()
    # What was tried and is not installed has no distribution.
    packages = {name for name in names if not name.startswith("_") and name in distributions}

    assert packages - {"calotype"} == PACKAGES
