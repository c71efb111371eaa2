import socket
import subprocess

import pytest

import servers


def test_an_unknown_command_is_refused_with_one_line_that_names_it(tmp_path):
    result = servers.run("develop", cwd=tmp_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert "develop" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_version_is_told(tmp_path):
    assert servers.run("--version", cwd=tmp_path).stdout.strip() == "0.1.0"


@pytest.mark.parametrize("command", [[], ["serve"], ["config"], ["config", "show"], ["project"], ["catalogue", "load"]])
def test_every_command_has_help(tmp_path, command):
    result = servers.run(*command, "--help", cwd=tmp_path)

    assert result.returncode == 0
    assert "Usage: calotype" in result.stdout


def test_help_on_the_service_explains_its_options(tmp_path):
    said = servers.run("serve", "--help", cwd=tmp_path, COLUMNS="200").stdout

    assert "--data-dir" in said
    assert "Folder of catalogue, image data and credentials" in said


def test_a_command_that_needs_only_the_data_offers_only_where_they_are(tmp_path):
    said = servers.run("project", "list", "--help", cwd=tmp_path).stdout

    assert "--data-dir" in said
    assert "--port" not in said


@pytest.mark.parametrize("command", [["project", "list"], ["user", "list"], ["catalogue", "dump"]])
def test_a_command_that_finds_no_catalogue_ends_with_5_and_makes_none(tmp_path, command):
    result = servers.run(*command, cwd=tmp_path)

    assert (result.returncode, result.stdout) == (5, "")
    assert str(tmp_path / "data" / "catalogue.sqlite") in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_cannot_reach_the_database_says_why_and_keeps_the_password(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    result = servers.run("user", "list", cwd=tmp_path, CALOTYPE_DATABASE=f"postgresql://u:hush@127.0.0.1:{port}/x")

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (5, "", 1)
    assert f"port {port} failed" in result.stderr
    assert "hush" not in result.stderr


def test_a_command_whose_standard_output_is_closed_ends_well(tmp_path):
    result = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" config show >&-', servers.PROGRAM],
        cwd=tmp_path,
        env=servers.environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )

    assert (result.returncode, result.stderr) == (0, "")
