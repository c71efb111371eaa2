"""What nobody should send: the values that mutations put where good ones were."""

from typing import Any

from seeds import Header

#: For a part of a path; none of them is an id.
NO_IDS = [
    *(
        "",
        ".",
        "..",
        "%2e%2e",
        "%00",
        "%ff",
        "%2F",
        "%",
        "%zz",
        "a" * 300,
        "a" * 17_000,
        "detail",
        "0",
        "-1",
        "%20",
        "+",
    ),
    *("'%20OR%20'1'='1", "%F0%9F%98%80", "%ED%A0%80", "%EF%BC%91", "{image_id}", ";", "@unknown.image@%20", "None"),
    *("@ada.private@%00", "@bob.image@/members", "%0d%0aX-Injected:%201", "../v1/images"),
]

#: For a header, a parameter or a text: numbers, times, words and what looks like one of them.
VALUES = [
    *(
        "",
        " ",
        "0",
        "-0",
        "-1",
        "+1",
        "1_0",
        " 1 ",
        "1.5",
        "1e9",
        "0x10",
        "NaN",
        "Infinity",
        "2147483648",
        "4294967296",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "9" * 5_000,
        "٣",
        "\uff11\uff12",
        "²",
        "1\u00a0",
    ),
    *("True", "TRUE", "none", "None", "null", "yes", "tRuE", "\uff54\uff52\uff55\uff45"),
    *(
        "2016-05-22T06:04:20+14:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2016-02-30",
        "2016-W01-1",
    ),
    *(
        "٢٠١٦-05-22",
        "1899-12-31",
        "2016-05-22T24:00:00",
        "2016-05-22T06:04:60",
        "T",
        "2016-05-22T06:04:20.9999999999999",
    ),
    *(
        "in:a,b",
        "in:@bob.image@,@unknown.image@",
        'in:"a',
        "neq:2016-05-22",
        "lte:",
        "name:asc,size:desc,",
        "public",
        "all",
        "rejected",
        "gt:1",
        "eq:",
        "'",
        '"; DROP TABLE images; --',
        "%",
        "_",
        "\\",
        "<script>",
        "{}",
        "[]",
        "../../etc/passwd",
    ),
    *(
        "active",
        "deleted",
        "pending_delete",
        "qcow2",
        "aki",
        "docker",
        "@bob.image@",
        "@unknown.image@",
        "@bob.project@",
    ),
    *(
        "\u202e",
        "ﷺ" * 20,
        "e\u0301",
        "\U0001f600",
        "\ufffe",
        "a" * 256,
        "a" * 65_536,
        "=?utf-8?q?a?=",
        "a,b;q=1",
        "*/*",
    ),
]
BYTES = [value.encode() for value in VALUES]

#: For a header's value only: what is not text, and what ends a header or seems to.
RAW = [
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\0b", b"a\tb", b"a\x0bb", b"a\x7fb", b"a\rb", b"a\nb"),
    *(b"a\r\n b", b"a\r\nX-Auth-Token: @root.user@", b"\x1b[31m", b"\x85", b"a" * 70_000),
]

#: Headers that somebody along the way may look at.
NAMES = [
    *("Host", "Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Expect", "Connection", "Upgrade", "TE"),
    *("X-Auth-Token", "X-Subject-Token", "X-Openstack-Request-Id", "Range", "If-Range", "If-None-Match", "If-Match"),
    *("If-Modified-Since", "X-Glance-Registry-Purge-Props", "X-Glance-Api-Copy-From", "X-Identity-Status", "X-Roles"),
    *(
        "X-Tenant-Id",
        "X-User-Id",
        "X-Is-Admin",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
    ),
    *(
        "X-Http-Method-Override",
        "X-Openstack-Image-Size",
        "X-Image-Meta-Store",
        "X-Service-Token",
        "X-Original-Url",
        "X-Storage-Token",
        "Cookie",
        "Content-Range",
        "Trailer",
        "Bad Name",
        "",
    ),
]

HEADER_VALUES = [
    *(b"bytes=0-0", b"bytes=-1", b"bytes=3-1", b"bytes=0-,1-2", b"bytes=99999999999999999999-", b"lines=1-2"),
    *(
        b"100-continue",
        b"gzip",
        b"identity",
        b"close",
        b"keep-alive, Upgrade",
        b"h2c",
        b"a:b:c",
        b"[::1]:80",
        b"h/../x",
    ),
    *(b"application/json", b"text/html", b"*/*;q=9", b"application/vnd.openstack.images-v2", b"for=h;host=evil"),
]

#: How long a body is said to be.
FRAMINGS: list[tuple[Header, ...]] = [
    *[
        ((b"Content-Length", length),)
        for length in (b"0", b"1", b"-1", b"+4", b"4 ", b"4,4", b"0x4", "\uff14".encode(), b"")
    ],
    *[((b"Content-Length", length),) for length in (b"9223372036854775808", b"1" * 400, b"100000", b"99999999999999")],
    *[((b"Transfer-Encoding", coding),) for coding in (b"chunked", b"gzip, chunked", b"identity", b"chunked, chunked")],
    ((b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"4")),
    ((b"Content-Length", b"4"), (b"Content-Length", b"5")),
    ((b"Content-Length", b"4"), (b"Content-Length", b"4")),
    ((b"Transfer-Encoding", b"\x0bchunked"), (b"Content-Length", b"4")),
    (),
]

BODIES = [
    *(b"data", b"\0" * 4, b"QFI\xfb" + b"\xff" * 100, b"# Disk DescriptorFile\n", b"a" * 70_000),
    *(b"4\r\ndata\r\n0\r\n\r\n", b"4\r\ndata\r\n", b"zz\r\n", b"4;x=" + b"y" * 9000 + b"\r\ndata\r\n0\r\n\r\n"),
    *(b"0\r\nX-Auth-Token: @root.user@\r\n\r\n", b"GET /v1/images/@bob.image@ HTTP/1.1\r\nHost: h\r\n\r\n"),
]

#: What a part of a JSON body becomes. What an image keeps is shown again: of others' secrets only those go there that are
#: refused, or it would seem that they were told.
JSON_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**63, -(2**70), 1e308, "", "\0", "\ud800", "a" * 300, "a" * 65_537, [], {}, [[]]),
    *([None], {"id": None}, {"": ""}, {"id": {"id": {}}}, ["a", "a"], "@bob.user@", "@unknown.user@", "@bob.project@"),
    *(
        {"op": "add", "path": "/a", "value": "b"},
        "/locations/-",
        "/",
        "/~",
        "//",
        "/a/b",
        "move",
        "public",
        "community",
    ),
    *([{"url": "file:///etc/passwd", "metadata": {}}], "http://127.0.0.1:1/", "http://0x7f000001/"),
    *("default", "admin", "member", "token", "2016-05-22", "9999-12-31T23:59:59+00:00"),
    *(
        {"name": "admin"},
        [{"name": "admin"}, {"id": "member"}],
        {"domain": {"id": "default"}},
        "\u202e",
        "٣",
        "😀" * 64,
    ),
]

#: Only where they are looked up.
FOREIGN_JSON_VALUES: list[Any] = [*JSON_VALUES, "@ada.project@", "@ada.user@"]

#: Bodies that are no JSON, or hardly: deep, huge, broken, said twice.
NO_JSON = [
    *(
        b"",
        b"{",
        b"nul",
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b"1" * 10_000,
        b"-",
        b'"\\ud800"',
        b'"\xff"',
        b"\0",
    ),
    *(
        b"\xef\xbb\xbf{}",
        '{"auth": {}}'.encode("utf-16"),
        b"1e999999",
        b'{"auth": {}, "auth": []}',
        b"{} {}",
        b"a" * 1_100_000,
    ),
]
