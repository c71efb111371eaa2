"""The OpenAPI document against what is served: routes, errors, and the standard it claims to follow."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest

from calotype import app, config
from calotype.faces import web
from calotype.faces.identity import errors as identity_errors
from calotype.faces.v1 import errors as v1_errors
from calotype.faces.v2 import errors as v2_errors
from calotype.faces.v2 import filters, list_query
from calotype.http.messages import Request
from calotype.service.options import ServiceOptions

ROOT = Path(__file__).parents[2]
METHODS = ("get", "head", "post", "put", "patch", "delete")
DOCUMENT = web.document(ServiceOptions(), v1_enabled=True)

#: Paths that lead to an operation which is told at another path.
ALIASES = (
    (r"/v2\.\d+/?", "/v2"),
    (r"/v2\.\d+(/.+)", r"/v2\1"),
    (r"(/(?:images|schemas)(?:/.*)?)", r"/v2\1"),
    (r"/v1\.\d+", "/v1"),
    (r"/v1\.\d+(/.*)", r"/v1\1"),
    (r"/v3(/.*)?", r"/identity/v3\1"),
    (r"(/versions|/v2|/identity|/identity/v3|/docs)/", r"\1"),
)

Operation = dict[str, Any]


def operations() -> Iterator[tuple[str, str, Operation]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


TOLD = {(method, path) for method, path, _ in operations()}


def told_as(method: str, path: str, face: str) -> tuple[str, str]:
    """Where the document has the operation of a row of the joined table."""
    for alias, canonical in ALIASES:
        if re.fullmatch(alias, path):
            path = re.sub(f"{alias}$", canonical, path)
    if face == "versions" or path == "/v1/":  # there any method is taken for GET
        return "GET", path
    if method == "HEAD" and (method, path) not in TOLD and is_head_of_get(path):
        return "GET", path
    return method, path


def is_head_of_get(path: str) -> bool:
    """True if one handler answers both."""
    request = Request(method="GET", path=path, raw_query="", headers=(), request_id="req-1", base_url="http://h")
    face, prefix = FACES.find(request)
    found = face.table.match(path.removeprefix(prefix))
    return found is not None and "GET" in found[0] and found[0]["HEAD"].handler is found[0]["GET"].handler


FACES = app.join_faces(config.Settings(), checks=None)
SERVED = {told_as(*row) for row in FACES.table()}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def resolved(reference: str) -> Any:
    part: Any = DOCUMENT
    for key in reference.removeprefix("#/").split("/"):
        part = part[key]
    return part


def test_what_is_served_is_what_the_files_say() -> None:
    """.ci/openapi --write makes it."""
    joined = subprocess.run([sys.executable, ROOT / ".ci/openapi"], capture_output=True, text=True, check=True).stdout

    assert json.loads((ROOT / "src/calotype/faces/web/openapi.json").read_text()) == json.loads(joined)


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(DOCUMENT)


def test_every_route_has_an_operation_and_every_operation_a_route() -> None:
    assert sorted(SERVED - TOLD) == []
    assert sorted(TOLD - SERVED) == []


def test_every_part_of_a_path_is_a_parameter() -> None:
    for path, item in DOCUMENT["paths"].items():
        parameters = [resolved(parameter["$ref"]) for parameter in item.get("parameters", [])]

        assert [parameter["name"] for parameter in parameters] == re.findall(r"{(\w+)}", path)
        assert all(parameter["in"] == "path" and parameter["required"] for parameter in parameters)


def named_parameters(path: str, method: str) -> set[str]:
    return {resolved(parameter["$ref"])["name"] for parameter in DOCUMENT["paths"][path][method]["parameters"]}


def test_every_parameter_of_lists_is_told() -> None:
    of_v2 = {*filters._READERS, *list_query._NO_FILTERS, "PROPERTY"} - {"deleted"}  # which is not looked at

    assert named_parameters("/v2/images", "get") == of_v2
    v1 = (ROOT / "src/calotype/faces/v1/wire.py").read_text()
    for name in named_parameters("/v1/images", "get") - {"property-NAME"}:
        assert f'"{name}"' in v1


def test_every_header_that_a_face_reads_is_told() -> None:
    folders = (ROOT / "src/calotype/faces").rglob("*.py"), [ROOT / "src/calotype/http/parts.py"]
    sources = [path.read_text() for folder in folders for path in folder]
    read = {name for source in sources for name in re.findall(r'(?:header\(|_list\(request, )"([\w-]+)"', source)}
    parameters = DOCUMENT["components"]["parameters"].values()
    told = {parameter["name"].lower() for parameter in parameters if parameter["in"] == "header"}

    assert read - {"accept", "content-type", "x-auth-token"} - told == set()


def test_every_operation_has_a_name_of_its_own_and_a_subject_that_is_told() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    subjects = {tag["name"] for tag in DOCUMENT["tags"]}

    assert len(set(names)) == len(names)
    assert {tag for _, _, operation in operations() for tag in operation["tags"]} == subjects
    assert all(operation["summary"] for _, _, operation in operations())


def test_every_part_is_used_and_every_part_that_is_used_is_there() -> None:
    used = set(references(DOCUMENT))
    parts = DOCUMENT["components"]
    there = {f"#/components/{kind}/{name}" for kind in parts for name in parts[kind] if kind != "securitySchemes"}

    assert used <= there
    # Of errors there is one for each code, whether or not some interface needs it.
    assert {part for part in there - used if not re.search(r"/(image|identity|plain)-\d+$", part)} == set()


#: Faces with a table of errors, and how the paths of their operations begin.
TABLES = {"/v1/": v1_errors.STATUS, "/v2/": v2_errors.STATUS, "/identity/v3": identity_errors.STATUS}


@pytest.mark.parametrize("beginning", TABLES)
def test_every_code_that_a_face_s_table_gives_is_in_an_operation_and_no_other(beginning: str) -> None:
    sources = [path.read_text() for path in (ROOT / "src").rglob("*.py")]
    of_http = {code for source in sources for code in re.findall(r"HttpError\((\d{3})", source)}
    of_table = {str(code) for code in TABLES[beginning].values()}
    told = {
        code for _, path, operation in operations() if path.startswith(beginning) for code in operation["responses"]
    }

    assert of_table - told - {"500"} == set()
    assert {code for code in told if code >= "400"} - of_table - of_http - {"404", "405", "408", "413", "415"} == set()


def test_an_operation_that_asks_for_a_token_tells_what_happens_without() -> None:
    asking = [(method, path, set(told["responses"])) for method, path, told in operations() if told["security"]]

    assert [(method, path) for method, path, codes in asking if "401" not in codes] == []


def test_an_operation_that_takes_a_body_tells_what_is_wrong_with_one() -> None:
    for method, path, operation in operations():
        if "requestBody" in operation:
            assert {"400", "408", "413", "415"} <= operation["responses"].keys(), (method, path)
