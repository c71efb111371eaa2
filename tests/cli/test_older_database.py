import sqlite3
from pathlib import Path

import pytest

import servers

OLD = Path(__file__).parents[1] / "databases" / "0001.sqlite.sql"


@pytest.fixture
def old_data(start_server):
    """The data folder of a service that has run, with a catalogue that stands at schema 0001."""
    server = start_server()
    assert server.stop() == 0
    catalogue = server.folder / "catalogue.sqlite"
    for file in server.folder.glob("catalogue.sqlite*"):
        file.unlink()
    connection = sqlite3.connect(catalogue)
    connection.executescript(OLD.read_text())
    connection.close()
    return server.folder


def test_a_start_that_may_not_upgrade_refuses_an_older_database(old_data, tmp_path):
    result = servers.run("serve", "--port", "0", "--no-upgrade", "--data-dir", old_data, cwd=tmp_path)

    assert result.returncode == 5
    assert "0001" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_start_upgrades_an_older_database_and_serves_what_is_in_it(old_data, start_server):
    server = start_server("--data-dir", old_data)

    answer = server.request("GET", "/v1/images?name=loaded", token="a token of ann's")

    assert [image["size"] for image in answer.json["images"]] == [5]
