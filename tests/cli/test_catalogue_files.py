"""`calotype catalogue load` and `dump` as an operator runs them."""

import gzip
import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
import zstandard

import servers


def record(**telling):
    return {"id": str(uuid4())} | telling


def write(path, records):
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def load(tmp_path, file, *flags, data="data"):
    return servers.run("catalogue", "load", file, "--data-dir", tmp_path / data, *flags, cwd=tmp_path)


def dump(tmp_path, *arguments, data="data"):
    """The records in the catalogue."""
    result = servers.run("catalogue", "dump", *arguments, "--data-dir", tmp_path / data, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def refusal(result):
    """The one line with which a command ended."""
    last = result.stderr.splitlines()[-1]
    assert result.returncode == 2
    assert last.startswith("calotype: ")
    return last


def test_a_file_is_loaded_into_a_data_folder_that_is_made_for_it(tmp_path):
    file = write(tmp_path / "records.jsonl", [record(name="debian"), record(name="fedora")])

    result = load(tmp_path, file)

    assert result.returncode == 0
    assert result.stderr.startswith("2 images loaded, ")
    assert {one["name"] for one in dump(tmp_path)} == {"debian", "fedora"}


def test_standard_input_and_output_are_files_too(tmp_path):
    command = [servers.PROGRAM, "catalogue", "load", "-", "--data-dir", tmp_path / "data"]

    result = subprocess.run(
        command, input=b'{"name": "piped"}\n', env=servers.environment(), capture_output=True, check=True
    )

    assert result.stderr.startswith(b"1 images loaded")
    assert [one["name"] for one in dump(tmp_path, "-")] == ["piped"]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_compressed_dump_is_loaded_again_to_the_letter(tmp_path, ending):
    load(
        tmp_path,
        write(tmp_path / "records.jsonl", [record(name="a", tags=["b"]), record(deleted_at="2026-01-01T00:00:00Z")]),
    )
    file = tmp_path / f"dump.jsonl{ending}"

    dump(tmp_path, file)
    load(tmp_path, file, data="other")

    packed = file.read_bytes()
    text = (
        gzip.decompress(packed) if ending == ".gz" else zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    )
    assert [json.loads(line) for line in text.splitlines()] == dump(tmp_path) == dump(tmp_path, data="other")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"colour": "red"}', "line 2: colour: unknown key"),
        ('{"size": -1}', "line 2: size: Expected `int` >= 0"),
        ('{"name": ', "line 2: no JSON object in UTF-8"),
    ],
)
def test_a_bad_line_is_named_with_key_and_reason_and_nothing_of_its_batch_is_there(tmp_path, line, said):
    file = tmp_path / "records.jsonl"
    file.write_text(f"{json.dumps(record())}\n{line}\n")

    text = refusal(load(tmp_path, file))

    assert f"{file}, {said}" in text
    assert text.endswith("(nothing was committed)")
    assert dump(tmp_path) == []


def test_a_bad_line_of_a_load_that_goes_on_leaves_what_was_committed_before(tmp_path):
    file = write(tmp_path / "records.jsonl", [record(), record()])
    load(tmp_path, file)
    file.write_text(file.read_text() + "{}\n{broken\n")

    text = refusal(load(tmp_path, file, "--resume"))

    assert text.endswith("(committed up to line 2; go on with --resume)")
    assert len(dump(tmp_path)) == 2


def test_bad_lines_go_into_the_report_and_the_rest_is_loaded(tmp_path):
    first = record(name="first")
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"%b\n{broken\n%b\n{}\n" % (json.dumps(first).encode(), json.dumps(first).encode()))

    result = load(tmp_path, file, "--skip-bad", tmp_path / "report.jsonl")

    report = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert result.returncode == 0
    assert "2 images loaded" in result.stderr
    assert "2 bad lines skipped" in result.stderr
    assert [(one["line"], one["key"]) for one in report] == [(2, ""), (3, "id")]
    assert report[0]["record"] == "{broken"
    assert report[1]["reason"] == f"{first['id']} was used before"


def test_a_load_that_was_killed_goes_on_behind_the_last_committed_line(tmp_path):
    data = tmp_path / "data"
    records = [record(name=str(number), properties={"filling": "x" * 3000}) for number in range(20_000)]
    file = write(tmp_path / "records.jsonl", records)
    load(tmp_path, write(tmp_path / "none.jsonl", []))
    killed_behind = kill_after_a_batch(data, file)

    result = load(tmp_path, file, "--resume")

    assert 0 < killed_behind < len(records)
    assert result.returncode == 0
    assert result.stderr.splitlines()[-1].startswith(f"{len(records) - killed_behind:,} images loaded")
    assert sorted(one["name"] for one in dump(tmp_path)) == sorted(one["name"] for one in records)


def kill_after_a_batch(data, file):
    """Begin to load *file*, kill the program once lines are committed, and give their number."""
    path = data / "catalogue.sqlite"
    before = path.stat().st_size
    process = subprocess.Popen(
        [servers.PROGRAM, "catalogue", "load", file, "--data-dir", data],
        env=servers.environment(),
        stderr=subprocess.DEVNULL,
    )
    # The rollback journal is emptied by a commit; nobody else can read the file meanwhile.
    journal = path.with_name(path.name + "-journal")
    deadline = time.monotonic() + 60
    while path.stat().st_size < before + 10_000_000 or journal.stat().st_size:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with sqlite3.connect(path) as connection:
        (count,) = connection.execute("SELECT lines_done FROM loads WHERE source = ?", [str(file)]).fetchone()
    connection.close()
    return count


def test_the_service_finishes_what_a_killed_load_had_put_off(tmp_path, start_server):
    data = tmp_path / "data"
    load(tmp_path, write(tmp_path / "none.jsonl", []))
    file = write(
        tmp_path / "records.jsonl",
        [record(visibility="public", properties={"number": str(n), "filling": "x" * 3000}) for n in range(20_000)],
    )
    kill_after_a_batch(data, file)

    server = start_server("--data-dir", data)

    found = server.request("GET", "/v1.1/images/detail?property-number=7").json["images"]
    assert [one["properties"]["number"] for one in found] == ["7"]


def test_while_the_service_runs_a_load_goes_in_beside_it(tmp_path, start_server):
    server = start_server("--data-dir", tmp_path / "data")
    server.request("GET", "/v1.1/images/detail")
    file = write(tmp_path / "records.jsonl", [record(name=str(number), visibility="public") for number in range(300)])

    result = load(tmp_path, file)

    assert result.returncode == 0
    assert [one["name"] for one in server.request("GET", "/v1.1/images?name=7").json["images"]] == ["7"]


def test_ctrl_c_says_how_to_go_on(tmp_path):
    process = subprocess.Popen(
        [servers.PROGRAM, "catalogue", "load", "-", "--data-dir", tmp_path / "data"],
        env=servers.environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # A pipe holds 64 KiB: once all of this is gone the program is reading.
    process.stdin.write(b"\n" * 300_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    process.wait()
    process.stderr.close()
    process.stdin.close()

    assert process.returncode == 130
    assert said == b"calotype: interrupted (nothing was committed)\n"


def test_on_a_terminal_the_progress_is_a_bar(tmp_path):
    file = write(tmp_path / "records.jsonl", [record() for _ in range(10)])
    ours, theirs = pty.openpty()

    process = subprocess.Popen(
        [servers.PROGRAM, "catalogue", "load", file, "--data-dir", tmp_path / "data"],
        env=servers.environment(TERM="xterm", COLUMNS="100"),
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_to_the_end(ours)

    assert process.wait(timeout=60) == 0
    assert "━" in shown
    assert "10 images loaded" in shown


def read_to_the_end(terminal):
    """All that was written to the other side: a terminal hands out little at a time, and ends with an error."""
    said = b""
    with suppress(OSError):
        while step := os.read(terminal, 65536):
            said += step
    os.close(terminal)
    return said.decode()


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert f"{tmp_path / 'absent'} cannot be read" in refusal(load(tmp_path, tmp_path / "absent"))


def test_a_dump_of_a_catalogue_that_is_not_there_makes_none(tmp_path):
    result = servers.run("catalogue", "dump", "--data-dir", tmp_path / "data", cwd=tmp_path)

    assert result.returncode == 5
    assert "There is no catalogue at" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_reader_that_has_seen_enough_of_a_dump_is_no_error(tmp_path):
    load(tmp_path, write(tmp_path / "records.jsonl", [record(name="x" * 200) for _ in range(2000)]))
    command = f"{servers.PROGRAM} catalogue dump --data-dir {tmp_path / 'data'} | head -n 1; exit ${{PIPESTATUS[0]}}"

    result = subprocess.run(
        ["bash", "-c", command], env=servers.environment(), capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("command", ["load", "dump"])
def test_an_unknown_option_is_not_taken_for_a_file(tmp_path, command):
    load(tmp_path, write(tmp_path / "records.jsonl", [record()]))

    result = servers.run("catalogue", command, "--data-dir", tmp_path / "data", "--resumed", cwd=tmp_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert "--resumed" in result.stderr
    assert "option" in result.stderr
    assert not (tmp_path / "--resumed").exists()


def test_a_dump_that_finds_no_room_says_so_in_one_line(tmp_path):
    load(tmp_path, write(tmp_path / "records.jsonl", [record()]))

    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [servers.PROGRAM, "catalogue", "dump", "--data-dir", tmp_path / "data"],
            env=servers.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert result.returncode == 2
    assert result.stderr == "calotype: Standard output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_dump_into_a_pipe_leaves_it_a_pipe(tmp_path, ending):
    load(tmp_path, write(tmp_path / "records.jsonl", [record(name="piped")]))
    pipe = tmp_path / f"pipe{ending}"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["/bin/cat", pipe], stdout=subprocess.PIPE)

    result = servers.run("catalogue", "dump", pipe, "--data-dir", tmp_path / "data", cwd=tmp_path)

    (said, _) = reader.communicate(timeout=60)
    assert result.returncode == 0
    assert json.loads(gzip.decompress(said) if ending else said)["name"] == "piped"
    assert pipe.is_fifo()


def test_a_dump_through_a_link_leaves_the_link(tmp_path):
    load(tmp_path, write(tmp_path / "records.jsonl", [record(name="linked")]))
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "target.jsonl")

    servers.run("catalogue", "dump", link, "--data-dir", tmp_path / "data", cwd=tmp_path)

    assert link.is_symlink()
    assert json.loads((tmp_path / "target.jsonl").read_text())["name"] == "linked"
