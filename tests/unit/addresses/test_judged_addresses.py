"""Which URLs have one reading, and which addresses may be connected to."""

from ipaddress import ip_address

import pytest

from calotype.domain import addresses
from calotype.domain.addresses import Filter, Forbidden, Target, read, read_networks, read_redirect

PRIVATE = read_networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "path", "authority"),
    [
        ("http://images.example", "http", "images.example", 80, "/", "images.example"),
        ("HTTPS://Images.EXAMPLE./a", "https", "images.example", 443, "/a", "images.example"),
        (
            "http://images.example:8080/a/b?c=d%20e#f",
            "http",
            "images.example",
            8080,
            "/a/b?c=d%20e",
            "images.example:8080",
        ),
        ("http://images.example?a", "http", "images.example", 80, "/?a", "images.example"),
        ("http://192.0.2.1/", "http", "192.0.2.1", 80, "/", "192.0.2.1"),
        ("http://[2001:db8::1]:81/", "http", "2001:db8::1", 81, "/", "[2001:db8::1]:81"),
        ("http://a_b-c.example/~x/;y=(z)!*'", "http", "a_b-c.example", 80, "/~x/;y=(z)!*'", "a_b-c.example"),
        ("https://images.example:443/", "https", "images.example", 443, "/", "images.example"),
        ("http://1.example/", "http", "1.example", 80, "/", "1.example"),
    ],
)
def test_a_url_is_read_in_one_way(url: str, scheme: str, host: str, port: int, path: str, authority: str) -> None:
    target = read(url)

    assert (target.scheme, target.host, target.port, target.path, target.authority) == (
        scheme,
        host,
        port,
        path,
        authority,
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "images.example/a",
        "//images.example/a",
        "http:/images.example",
        "http://",
        "http:///a",
        "http://:80/",
        "http://user@images.example/",
        "http://user:password@images.example/",
        "http://images.example@127.0.0.1/",
        "http://images.example\\@127.0.0.1/",
        "http://images.example:/",
        "http://images.example:0/",
        "http://images.example:080/",
        "http://images.example:65536/",
        "http://images.example:80:80/",
        "http://images.example /",
        "http://images.example/a b",
        "http://images.example/\r\nHost: other",
        "http://images.example/\n",
        "http://images.example\n/",
        "http://im\u00e4ges.example/",
        "http://images.example/\u00e4",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://127\u30020.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://images..example/",
        "http://.images.example/",
        "http://images.example../",
        "http://-images.example/",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 127}example/",
        f"http://images.example/{'a' * 2048}",
        # Addresses in another spelling than the canonical one.
        "http://2130706433/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.0x1/",
        "http://127.0.0.256/",
        "http://127.0.0.1.1/",
        "http://a.127/",
        "http://a.0x7f/",
        "http://0/",
        "http://0x/",
        "http://[::1/",
        "http://::1/",
        "http://[::1%25lo]/",
        "http://[::1%lo]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::0001]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[v1.a]/",
        "http://[127.0.0.1]/",
        # Nothing but http and https.
        "ftp://images.example/",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "filesystem:///etc/passwd",
        "swift+config://images.example/",
        "gopher://images.example/",
        "javascript://images.example/",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        read(url)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ],
)
def test_an_address_that_is_not_of_the_internet_is_never_connected_to(address: str) -> None:
    judge = Filter(private_networks=PRIVATE)

    assert not addresses.is_global(ip_address(address))
    with pytest.raises(Forbidden):
        judge.judged(read("http://images.example/"), [address])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "2a00::1"]
)
def test_an_address_of_the_internet_is(address: str) -> None:
    assert Filter().judged(read("http://images.example/"), [address]) == [ip_address(address)]


@pytest.mark.parametrize("address", ["10.1.2.3", "172.31.0.1", "192.168.0.1"])
def test_a_private_address_is_where_the_operator_says_so(address: str) -> None:
    target = read("http://images.example/")

    assert Filter(private_networks=PRIVATE).judged(target, [address]) == [ip_address(address)]
    with pytest.raises(Forbidden):
        Filter().judged(target, [address])


def test_carrier_grade_nat_and_unique_local_addresses_can_be_permitted() -> None:
    judge = Filter(private_networks=read_networks(("100.64.0.0/10", "fc00::/7")))

    assert len(judge.judged(read("http://images.example/"), ["100.64.0.1", "fd00::1"])) == 2


def test_no_network_permits_an_ipv4_address_inside_an_ipv6_one() -> None:
    judge = Filter(private_networks=read_networks(("0.0.0.0/0", "::/0")))

    with pytest.raises(Forbidden):
        judge.judged(
            read("http://images.example/"), ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1"]
        )


def test_bad_addresses_of_a_name_are_dropped_and_the_others_stay_in_order() -> None:
    found = Filter().judged(read("http://images.example/"), ["127.0.0.1", "8.8.8.8", "::1", "1.1.1.1"])

    assert found == [ip_address("8.8.8.8"), ip_address("1.1.1.1")]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1"])
def test_a_host_that_is_allowed_may_have_any_address(host: str) -> None:
    judge = Filter(allowed_hosts=(host,), allowed_ports=())
    target = read(f"http://{host}:5000/")

    judge.check(target)
    assert judge.judged(target, ["127.0.0.1"]) == [ip_address("127.0.0.1")]


def passes(judge: Filter, url: str) -> bool:
    try:
        judge.check(read(url))
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("judge", "url", "expected"),
    [
        (Filter(), "http://images.example/", True),
        (Filter(), "https://images.example:443/", True),
        (Filter(), "http://images.example:8080/", False),
        (Filter(), "http://images.example:22/", False),
        (Filter(allowed_ports=(8080,)), "http://images.example:8080/", True),
        # A URL that names no port is taken as fitting.
        (Filter(allowed_ports=(8080,)), "http://images.example/", True),
        (Filter(allowed_ports=(), disallowed_ports=(25,)), "http://images.example:25/", False),
        (Filter(allowed_ports=(), disallowed_ports=(25,)), "http://images.example:26/", True),
        (Filter(allowed_ports=(25,), disallowed_ports=(25,)), "http://images.example:25/", True),
        (Filter(allowed_schemes=("https",)), "http://images.example/", False),
        (Filter(allowed_schemes=("https",)), "https://images.example/", True),
        (Filter(allowed_schemes=(), disallowed_schemes=("http",)), "http://images.example/", False),
        (Filter(allowed_hosts=("images.example",)), "http://IMAGES.example./", True),
        (Filter(allowed_hosts=("Images.Example.",)), "http://images.example/", True),
        (Filter(allowed_hosts=("images.example",)), "http://other.example/", False),
        (Filter(disallowed_hosts=("Images.Example",)), "http://images.example/", False),
        (Filter(allowed_hosts=("a.example",), disallowed_hosts=("a.example",)), "http://a.example/", True),
    ],
)
def test_lists_say_which_schemes_hosts_and_ports_are_allowed(judge: Filter, url: str, expected: bool) -> None:
    assert passes(judge, url) is expected


def test_a_name_whose_address_is_disallowed_is_refused() -> None:
    with pytest.raises(Forbidden):
        Filter(disallowed_hosts=("8.8.8.8",)).judged(read("http://images.example/"), ["8.8.8.8"])


@pytest.mark.parametrize(
    "spelt",
    ["2606:4700::abcd", "2606:4700:0:0::abcd", "2606:4700:0000::abcd", "2606:4700::ABCD", "[2606:4700::abcd]"],
)
@pytest.mark.parametrize("host", ["images.example", "[2606:4700::abcd]"])
def test_an_address_is_disallowed_however_the_operator_spells_it(spelt: str, host: str) -> None:
    judge = Filter(disallowed_hosts=(spelt,))

    with pytest.raises(Forbidden):
        judge.judged(read(f"http://{host}/"), ["2606:4700::abcd"])
    assert passes(judge, f"http://{host}/") is (host == "images.example")


def test_an_address_is_allowed_however_the_operator_spells_it() -> None:
    judge, target = Filter(allowed_hosts=("[0:0:0:0:0:0:0:1]",)), read("http://[::1]/")

    judge.check(target)

    assert [str(one) for one in judge.judged(target, ["::1"])] == ["::1"]


@pytest.mark.parametrize(
    ("base", "location", "url"),
    [
        ("http://a.example/b/c?d", "e", "http://a.example/b/e"),
        ("http://a.example/b/c", "/e?f", "http://a.example/e?f"),
        ("http://a.example/b", "//c.example/", "http://c.example/"),
        ("http://a.example:8080/b", "c", "http://a.example:8080/c"),
        ("http://a.example/b", "https://c.example/", "https://c.example/"),
    ],
)
def test_a_redirect_leads_where_it_says(base: str, location: str, url: str) -> None:
    assert read_redirect(read(base), location) == read(url)


@pytest.mark.parametrize(
    "location",
    ["http://a.example/", "ftp://a.example/", "file:///etc/passwd", "https://u@a.example/", "https://0x7f.1/", "//[/"],
)
def test_a_redirect_from_https_leads_to_no_worse_place(location: str) -> None:
    with pytest.raises(Forbidden):
        read_redirect(read("https://a.example/"), location)


def test_a_target_needs_no_port_that_its_scheme_has() -> None:
    assert Target("https", "a.example", 443, "/", has_port=True).authority == "a.example"
