"""What becomes of a good request on its way: every strategy takes a template and gives another."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import garbage
from hypothesis import strategies as st
from rows import PARTS, WORDS, Row
from seeds import (
    META,
    OLD_PATCH_TYPE,
    OPERATIONS,
    PARAMETERS,
    PATCH_TYPE,
    VENDOR_TYPES,
    Template,
    good,
    stand_ins,
)

from calotype.http.routes import METHODS

Mutation = st.SearchStrategy[Template]


@st.composite
def requests(draw: st.DrawFn, choice: Sequence[Row], who: str, aim: tuple[str, str] | None = None) -> Template:
    """A good request of *who* to one row of *choice*, changed once to four times.

    *aim*: a part of the path and what stands for it; then the request may also stay as it was.
    """
    # There is more to a patch than to any other request.
    row = draw(st.sampled_from([row for row in choice for _ in range(3 if row.method == "PATCH" else 1)]))
    prefixes = [*row.prefixes, ""] if row.face in VENDOR_TYPES else row.prefixes
    parts = {part: draw(path_parts(part)) for part in row.parts}
    if aim is not None:
        parts[aim[0]] = aim[1]
    template = good(row, draw(st.sampled_from(prefixes)), who, parts)
    for _ in range(draw(st.integers(0 if aim else 1, 4))):
        template = draw(_mutated(template))
    return template


def path_parts(part: str) -> st.SearchStrategy[str]:
    """Two in three are ids or words that are known, in some spelling."""
    known = st.sampled_from(stand_ins(part))
    return st.one_of(known, known, st.sampled_from(garbage.NO_IDS))


def _mutated(template: Template) -> Mutation:
    choices = [_without_a_header(template), _with_a_header(template), _with_meta(template), _with_a_query(template)]
    choices += [_reframed(template), _with_another_body(template), _with_another_start(template)]
    if template.body.startswith((b"{", b"[")):
        choices += [_with_mutated_json(template)] * 4
    if template.method == b"PATCH":
        choices += [_with_operations(template)] * 8
    return st.one_of(choices)


def _values() -> st.SearchStrategy[bytes]:
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0@"), max_size=20)
    known = st.sampled_from([*garbage.BYTES, *garbage.HEADER_VALUES])
    return st.one_of(known, known, text.map(str.encode), st.sampled_from(garbage.RAW))


def _without_a_header(template: Template) -> Mutation:
    count = len(template.headers)
    if count == 0:
        return st.just(template)
    return st.integers(0, count - 1).map(
        lambda index: replace(template, headers=template.headers[:index] + template.headers[index + 1 :])
    )


def _with_a_header(template: Template) -> Mutation:
    """One more, often the second of its name; or many."""
    names = st.sampled_from([name.encode() for name in garbage.NAMES] + [name for name, _ in template.headers])
    one = st.tuples(names, _values()).map(lambda header: [header])
    many = st.integers(100, 1_100).map(lambda count: [(b"x-many-%d" % n, b"1") for n in range(count)])
    return st.one_of(*[one] * 9, many).map(lambda headers: template.with_headers(*headers))


def _with_meta(template: Template) -> Mutation:
    """A meta header that was not there, or another value of one that was."""
    fields = st.sampled_from(list(META)).flatmap(
        lambda field: st.tuples(st.just(field), st.one_of(_values(), st.just(META[field].encode())))
    )

    def put(field_and_value: tuple[str, bytes]) -> Template:
        field, value = field_and_value
        name = f"x-image-meta-{field}".encode()
        kept = tuple(header for header in template.headers if header[0] != name)
        return replace(template, headers=(*kept, (name, value)))

    return fields.map(put)


def _with_a_query(template: Template) -> Mutation:
    """One more parameter, known or not, with a good value or any; percent-encoded or not."""
    names = st.one_of(
        st.sampled_from(list(PARAMETERS)), st.sampled_from(["", "a", "property-", "%ff", "name%00", "tag"])
    )

    def pieces(name: str) -> st.SearchStrategy[bytes]:
        values = st.one_of(
            st.just(PARAMETERS.get(name, "1").encode()), st.sampled_from(garbage.BYTES), st.sampled_from(garbage.RAW)
        )
        return st.tuples(values, st.booleans()).map(lambda drawn: _piece(name.encode(), *drawn))

    def add(piece: bytes) -> Template:
        return replace(template, query=template.query + b"&" + piece)

    return names.flatmap(pieces).map(add)


def _piece(name: bytes, value: bytes, is_encoded: bool) -> bytes:
    """*value* percent-encoded but for its signs, or as it is but for what would end the target."""
    if is_encoded and b"@" not in value:
        value = b"".join(b"%%%02X" % byte for byte in value)
    return name + b"=" + value.replace(b" ", b"+").replace(b"\r", b"%0d").replace(b"\n", b"%0a")


def _reframed(template: Template) -> Mutation:
    return st.sampled_from(garbage.FRAMINGS).map(lambda framing: replace(template, framing=framing))


def _with_another_body(template: Template) -> Mutation:
    return st.sampled_from([*garbage.BODIES, *garbage.NO_JSON]).map(lambda body: replace(template, body=body))


def _with_another_start(template: Template) -> Mutation:
    """Another method, target or version."""
    methods = st.sampled_from([*METHODS, "OPTIONS", "TRACE", "CONNECT", "get", "FOO", "G\x01T", ""])
    paths = st.sampled_from([b"//", b"/./", b"/%2e/", b"http://evil/", b"*", b"", b"h:80", b"/\xff", b"/a#b"])
    versions = st.sampled_from([b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.1 ", b"HTTP/1.10", b""])
    return st.one_of(
        methods.map(lambda method: replace(template, method=method.encode())),
        paths.map(lambda path: replace(template, path=path + template.path.lstrip(b"/"))),
        versions.map(lambda version: replace(template, version=version)),
    )


def _with_operations(template: Template) -> Mutation:
    """One to four operations of a patch of images, in either of its media types, and sometimes said to be of the other."""
    drawn = st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=4)
    kinds = st.sampled_from([PATCH_TYPE, PATCH_TYPE, OLD_PATCH_TYPE])

    def patch(drawn: tuple[list[tuple[str, str, Any]], bytes, bytes]) -> Template:
        operations, kind, said = drawn
        is_old = kind == OLD_PATCH_TYPE
        body = [_operation(*operation, is_old=is_old) for operation in operations]
        headers = tuple(header for header in template.headers if header[0] != b"Content-Type")
        return replace(template, headers=(*headers, (b"Content-Type", said)), body=json.dumps(body).encode())

    one_kind = kinds.map(lambda kind: (kind, kind))
    said = st.one_of(one_kind, one_kind, one_kind, st.tuples(kinds, kinds))
    return st.tuples(drawn, said).map(lambda pair: patch((pair[0], *pair[1])))


def _operation(verb: str, path: str, value: Any, *, is_old: bool) -> dict[str, Any]:
    said = {verb: path} if is_old else {"op": verb, "path": path}
    return said if verb == "remove" else {**said, "value": value}


def _with_mutated_json(template: Template) -> Mutation:
    try:
        value = json.loads(template.body)
    except (ValueError, RecursionError):
        return st.just(template)
    is_kept = not template.path.startswith((b"/v3/", b"/identity/"))
    values = garbage.JSON_VALUES if is_kept else garbage.FOREIGN_JSON_VALUES
    return mutated_json(value, values).map(lambda body: replace(template, body=body))


@st.composite
def mutated_json(draw: st.DrawFn, value: Any, values: Sequence[Any]) -> bytes:
    """The text of *value* with something else somewhere: another value, a key less, a key more, one said twice."""
    place = draw(st.sampled_from(list(_places(value))))
    another = draw(st.sampled_from(values))
    changed = _replaced(value, place, another, draw(st.sampled_from(["other", "gone", "more", "twice"])))
    text = json.dumps(changed, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
    return text.replace(_AGAIN.encode(), b"")


#: Ends a key that is to be said twice: JSON's writers say each once.
_AGAIN = "#again"


def _places(value: Any, place: tuple[Any, ...] = ()) -> Any:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from _places(part, (*place, key))


def _replaced(value: Any, place: tuple[Any, ...], another: Any, how: str) -> Any:
    if not place:
        return {**value, "more": another} if how == "more" and isinstance(value, dict) else another
    key, *rest = place
    if isinstance(value, list):
        items = [_replaced(part, tuple(rest), another, how) if n == key else part for n, part in enumerate(value)]
        return items + items if how == "twice" and not rest else items
    if rest or how == "other":
        return {**value, key: _replaced(value[key], tuple(rest), another, how)}
    if how == "gone":
        return {name: part for name, part in value.items() if name != key}
    return {**value, f"{key}{_AGAIN}" if how == "twice" else "more": another}


def has_generator(part: str) -> bool:
    return part in PARTS or part in WORDS
