"""`/metrics` of a running service: what it counts, over all its processes, and whom it tells."""

import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_plain
from watching import Upload, eventually, is_running

import servers
from calotype.metrics import families
from databases import postgres, wheel_binaries

PAGE = (Path(__file__).parents[2] / "docs/operate/metrics.md").read_text()

DATA = os.urandom(3 << 20)

Start = Callable[..., servers.Server]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(server: servers.Server) -> Samples:
    answer = server.request("GET", "/metrics", token=None)
    assert answer.status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in read_plain(answer.text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    """The sum of all samples of *name* that have *labels*."""
    wanted = set(labels.items())
    return sum(value for (found, has), value in samples.items() if found == f"calotype_{name}" and wanted <= has)


class Since:
    """What has been added to counters since this was made."""

    def __init__(self, server: servers.Server) -> None:
        self._server = server
        self.before = scrape(server)

    def __call__(self, name: str, **labels: str) -> float:
        return of(scrape(self._server), name, **labels) - of(self.before, name, **labels)

    def answered(self, **labels: str) -> float:
        return self("http_requests_total", **labels)

    def backwards(self) -> list[str]:
        """The counters that are lower now."""
        now = scrape(self._server)
        kinds = ("_total", "_count", "_sum", "_bucket")
        return [key[0] for key, value in self.before.items() if key[0].endswith(kinds) and now.get(key, 0) < value]


def workers_that_answered(server: servers.Server) -> Counter[int]:
    """Requests by the worker that answered them and lives, as the log has them."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    pids = Counter(line["pid"] for line in lines if line["subject"] == "access")
    return Counter({pid: count for pid, count in pids.items() if is_running(pid)})


def upload(server: servers.Server, data: bytes) -> str:
    """The id of a new image with *data*."""
    formats = {"X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
    answer = server.request("POST", "/v1/images", data, {"X-Image-Meta-Name": "debian", **formats})
    assert answer.status == 201, answer.body
    image_id: str = answer.json["image"]["id"]
    return image_id


def ask_until_both_have_answered(server: servers.Server) -> int:
    """How many requests for a page there were, some of which either of two workers has answered."""
    count = 0

    def ask() -> bool:
        nonlocal count
        count += 1
        server.request("GET", "/v2/images")
        return count >= 20 and len(workers_that_answered(server)) == 2

    eventually(ask)
    return count


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A service with two workers and a log that programs can read, which all tests here share: they compare."""
    temporary = tmp_path_factory.mktemp("tmp")
    flags = ("--ephemeral", "--workers", "2", "--log-format", "json", "--housekeeping-interval-s", "1")
    running = servers.start(tmp_path_factory.mktemp("two") / "log", *flags, TMPDIR=str(temporary))
    yield running
    assert [path.name for path in temporary.iterdir()] == [running.folder.name], "what is counted is in no file"
    assert running.stop() == 0
    assert list(temporary.iterdir()) == [], "an ephemeral service leaves nothing behind"


def test_requests_of_both_workers_add_up_and_survive_a_worker_that_is_killed(two: servers.Server) -> None:
    page = {"face": "v2", "route": "/v2/images"}
    since = Since(two)
    asked = ask_until_both_have_answered(two)

    assert since.answered(**page, method="GET", status="200") == asked
    assert since("http_request_duration_seconds_count", **page) == asked
    assert since("http_request_duration_seconds_bucket", **page, le="+Inf") == asked
    assert 0 < since("http_request_duration_seconds_sum", **page) < 60 * asked
    assert since("http_sent_bytes_total", **page) > 50 * asked
    samples = scrape(two)
    assert [of(samples, name) for name in ("workers", "database_up", "store_up")] == [2, 1, 1]

    since_before_the_death = Since(two)
    os.kill(next(iter(workers_that_answered(two))), signal.SIGKILL)
    eventually(lambda: since("process_deaths_total", process="web worker") == 1)
    two.request("GET", "/v2/images")

    assert since.answered(**page, method="GET", status="200") == asked + 1
    assert of(scrape(two), "workers") == 2
    assert since_before_the_death.backwards() == []


def test_gauges_of_workers_that_died_are_gone(two: servers.Server) -> None:
    """Uploads that stand still count as under way until their worker dies."""
    since = Since(two)
    ask_until_both_have_answered(two)
    stuck = [Upload(two, f"stuck-{number}") for number in range(3)]
    eventually(lambda: of(scrape(two), "http_transfers_in_progress", direction="received") == 3)
    assert of(scrape(two), "http_requests_in_progress") == 4
    assert of(scrape(two), "http_connections") >= 4

    for worker in workers_that_answered(two):
        os.kill(worker, signal.SIGKILL)
    eventually(lambda: since("process_deaths_total", process="web worker") == 2)

    assert of(scrape(two), "http_transfers_in_progress", direction="received") == 0
    assert of(scrape(two), "http_requests_in_progress") == 1
    for one in stuck:
        one.finish_or_be_cut()


def test_everything_that_is_told_is_valid_in_both_forms_and_on_the_page(two: servers.Server) -> None:
    upload(two, DATA)
    plain = two.request("GET", "/metrics", token=None)
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    openmetrics = two.request("GET", "/metrics", headers={"Accept": accept}, token=None)

    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert openmetrics.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert openmetrics.text.endswith("# EOF\n")
    by_form = [
        {family.name: family.type for family in read(answer.text)}
        for read, answer in ((read_plain, plain), (read_openmetrics, openmetrics))
    ]
    assert by_form[0] == by_form[1]
    assert set(by_form[0]) == {family.name.removesuffix("_total") for family in families.ALL}


def test_the_page_tells_of_every_metric_its_labels_and_its_sentence_and_of_no_other() -> None:
    rows = re.findall(r"^\| `(calotype_\w+)` \| (.*?) ?\| (.*) \|$", PAGE, flags=re.MULTILINE)
    told = {name: (tuple(re.findall(r"`(\w+)`", labels)), text) for name, labels, text in rows}

    assert told == {family.name: (family.labels, family.text) for family in families.ALL}
    assert len(told) == len(rows)


def test_the_alerts_of_the_page_ask_for_metrics_that_are_there() -> None:
    (block,) = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL) if "alert:" in text]
    (group,) = yaml.safe_load(block)["groups"]
    known = {family.name for family in families.ALL}
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "count", "sum")}

    assert len(group["rules"]) >= 5
    for rule in group["rules"]:
        assert set(rule) <= {"alert", "expr", "for", "annotations"}
        asked = set(re.findall(r"calotype_\w+", rule["expr"]))
        assert asked, rule
        assert asked <= known, rule
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["annotations"]["summary"]


def test_bytes_are_those_of_the_transfers(two: servers.Server) -> None:
    since = Since(two)
    image_id = upload(two, DATA)
    assert two.request("GET", f"/v1/images/{image_id}").body == DATA
    assert two.request("GET", f"/v2/images/{image_id}/file", headers={"Range": "bytes=0-999"}).status == 206

    assert since("http_received_bytes_total", face="v1", route="/v1/images") == len(DATA)
    assert since("http_sent_bytes_total", face="v1", route="/v1/images/{image_id}") == len(DATA)
    assert since("http_sent_bytes_total", face="v2", route="/v2/images/{image_id}/file") == 1000
    assert since("store_written_bytes_total", store="local") == len(DATA)
    assert since("store_read_bytes_total", store="local") == len(DATA) + 1000
    assert since("uploads_total", outcome="active") == 1
    assert since("database_transactions_total", kind="writing") >= 2
    assert of(scrape(two), "database_connections_in_use") == 0
    assert of(scrape(two), "http_transfers_in_progress") == 0
    assert of(scrape(two), "threads_busy", pool="steps") == 0


def test_uploads_are_told_by_how_they_ended(two: servers.Server) -> None:
    since = Since(two)
    wrong = {"X-Image-Meta-Name": "debian", "X-Image-Meta-Disk_format": "raw", "X-Image-Meta-Container_format": "bare"}
    answer = two.request("POST", "/v1/images", DATA[:1000], {**wrong, "X-Image-Meta-Checksum": "0" * 32})
    assert answer.status == 400
    Upload(two, "broken-off").hang_up()

    eventually(lambda: since("uploads_total", outcome="broken_off") == 1)
    assert since("uploads_total", outcome="refused") == 1
    assert since("uploads_total") == 2


def test_what_clients_make_up_makes_no_series(two: servers.Server) -> None:
    since = Since(two)
    for number in range(5):
        two.request("GET", f"/v2/nothing/{number}")
        two.request("GET", f"/secret-{number}", token=None)
        servers.raw(two.host, two.port, b"TRACE /v2/secret HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        servers.raw(two.host, two.port, b"this is no request\r\n\r\n")

    assert since.answered(face="v2", method="GET", route="other", status="404") == 5
    assert since.answered(face="versions", method="GET", route="other", status="300") == 5
    assert since.answered(face="v2", method="other", route="other", status="501") == 5
    assert since.answered(face="none", method="other", route="other", status="400") == 5
    assert len(scrape(two)) - len(since.before) < 60
    assert "secret" not in two.request("GET", "/metrics", token=None).text


def test_the_housekeeper_tells_of_its_rounds(two: servers.Server) -> None:
    eventually(lambda: of(scrape(two), "housekeeping_rounds_total") >= 1)
    samples = scrape(two)

    assert of(samples, "housekeeping_has_turn") == 1
    assert time.time() - 60 < of(samples, "housekeeping_round_ended_timestamp_seconds") <= time.time()
    assert samples["calotype_housekeeping_damaged_blobs", frozenset()] == 0


def test_ids_projects_and_tokens_are_not_told(two: servers.Server) -> None:
    image_id = upload(two, DATA[:1000])
    text = two.request("GET", "/metrics", token=None).text

    told = [image_id, two.token_of(), *two.credentials().values()]
    assert [value for value in told if f'"{value}"' in text] == []
    assert image_id not in text


def test_a_store_that_is_gone_is_down(start_server: Start) -> None:
    server = start_server("--housekeeping-interval-s", "0")
    (server.folder / "blobs").rename(server.folder / "elsewhere")
    samples = scrape(server)

    assert samples["calotype_store_up", frozenset({("store", "local")})] == 0
    assert of(samples, "database_up") == 1
    assert of(scrape(server), "store_errors_total", store="local", operation="list") >= 1


def test_a_database_that_is_stopped_is_down_and_metrics_are_told_all_the_same(start_server: Start) -> None:
    binaries = wheel_binaries()
    assert binaries is not None
    with postgres(binaries) as database:
        server = start_server("--database", database.new_database(), "--housekeeping-interval-s", "0")
        assert server.request("GET", "/v2/images").status == 200
    samples = scrape(server)

    assert samples["calotype_database_up", frozenset()] == 0
    assert of(samples, "store_up", store="local") == 1
    assert server.request("GET", "/v2/images").status == 503
    assert of(scrape(server), "database_failures_total") > of(samples, "database_failures_total")


def test_metrics_are_for_the_clients_that_are_listed_as_proxies_name_them(start_server: Start) -> None:
    flags = ("--metrics-clients", "10.1.0.0/16", "--trusted-proxies", "127.0.0.1", "--housekeeping-interval-s", "0")
    server = start_server("--ephemeral", *flags)

    refused = server.request("GET", "/metrics", token=None)
    assert refused.status == 403
    assert "calotype_" not in refused.text
    assert server.request("GET", "/metrics", headers={"X-Forwarded-For": "10.1.2.3"}, token=None).status == 200


def test_what_is_no_network_stops_the_start() -> None:
    ended = servers.run("serve", "--ephemeral", "--metrics-clients", "everybody")

    assert ended.returncode == 2
    assert "metrics_clients" in ended.stderr
