import socket
import sqlite3
import stat

import pytest

import servers


def refused(*flags, cwd, **env) -> tuple[int, str]:
    """Exit code and the one line on standard error of a `serve` that does not come up."""
    result = servers.run("serve", "--port", "0", *flags, cwd=cwd, **env)
    assert result.stdout == ""
    assert result.stderr.startswith("calotype: ")
    assert result.stderr.count("\n") == 1
    return result.returncode, result.stderr


def change_schema_version(server, assignment: str) -> None:
    with sqlite3.connect(server.folder / "catalogue.sqlite") as connection:
        connection.execute(f"UPDATE schema_version SET {assignment}")  # noqa: S608 -- the test's own words
    connection.close()


@pytest.fixture
def stopped(start_server):
    """A service that has run once and left its data."""
    server = start_server()
    assert server.stop() == 0
    return server


def test_the_last_line_on_standard_output_says_where_it_answers(server):
    assert server.said[-1] == f"Calotype ready on {server.url}"
    assert server.request("GET", "/healthcheck", token=None).status == 200


def test_the_first_lines_say_where_the_credentials_are_and_a_first_command(server):
    assert server.said[0].startswith(f"Credentials are in {server.folder / 'openrc'}")
    assert f". {server.folder / 'openrc'} && openstack image list" in server.said[1]


def test_the_first_command_can_be_given_to_a_shell_also_for_a_folder_with_blanks(start_server, tmp_path):
    said = start_server("--data-dir", tmp_path / "my data").said

    assert said[1].startswith(f"  . '{tmp_path / 'my data' / 'openrc'}' && openstack image list")


def test_what_the_start_writes_is_for_its_owner_only(stopped):
    modes = {name: stat.S_IMODE((stopped.folder / name).stat().st_mode) for name in ("clouds.yaml", "openrc")}

    assert modes == {"clouds.yaml": 0o600, "openrc": 0o600}
    assert stat.S_IMODE(stopped.folder.stat().st_mode) == 0o700


def test_a_second_start_keeps_images_and_accounts(stopped, start_server):
    before = stopped.credentials()

    again = start_server()

    assert again.credentials() == before
    assert again.token_of()


@pytest.mark.parametrize("name", ["50%25", "what?", "a#b", "größe", "a@b:c"])
def test_the_data_folder_may_have_any_name(start_server, tmp_path, name):
    server = start_server("--data-dir", tmp_path / name)

    assert (tmp_path / name / "catalogue.sqlite").exists()
    assert servers.run("user", "list", "--data-dir", tmp_path / name).returncode == 0
    assert server.request("GET", "/v1/images").status == 200


def test_a_busy_port_ends_the_start_with_3(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        result = servers.run("serve", "--port", str(port), cwd=tmp_path)

    assert result.returncode == 3
    assert str(port) in result.stderr
    assert not (tmp_path / "data").exists()


def test_two_services_cannot_share_a_port(server, tmp_path):
    assert servers.run("serve", "--port", str(server.port), cwd=tmp_path).returncode == 3


def test_an_unknown_host_ends_the_start_with_3(tmp_path):
    code, line = refused("--host", "no.such.host.invalid", cwd=tmp_path)

    assert code == 3
    assert "no.such.host.invalid" in line


def test_a_file_in_the_place_of_the_data_folder_ends_the_start_with_4(tmp_path):
    (tmp_path / "data").write_text("in the way")

    code, line = refused(cwd=tmp_path)

    assert code == 4
    assert "data" in line


def test_a_data_folder_that_nothing_can_be_written_to_ends_the_start_with_4(tmp_path):
    # Root may write anywhere; where the kernel makes the files, nobody may.
    code, line = refused("--data-dir", "/proc/self", cwd=tmp_path)

    assert code == 4
    assert "/proc/self" in line


def test_a_database_of_a_newer_program_ends_the_start_with_5(stopped, tmp_path):
    change_schema_version(stopped, "revision = '9999', oldest_program_revision = '9999'")

    code, line = refused(cwd=tmp_path)

    assert code == 5
    assert "9999" in line


def test_an_older_database_ends_the_start_with_5_if_upgrading_is_not_allowed(stopped, tmp_path):
    change_schema_version(stopped, "revision = '0000'")

    code, line = refused("--no-upgrade", cwd=tmp_path)

    assert code == 5
    assert "0000" in line


def test_a_file_that_is_no_database_ends_the_start_with_5(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "catalogue.sqlite").write_text("words" * 1000)

    assert refused(cwd=tmp_path)[0] == 5


def test_a_database_that_cannot_be_reached_ends_the_start_with_5_and_its_password_stays_hidden(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    code, line = refused(
        cwd=tmp_path, CALOTYPE_DATABASE=f"postgresql://u:hush@127.0.0.1:{port}/x", CALOTYPE_DATABASE_WAIT_S="0"
    )

    assert code == 5
    assert "hush" not in line
    assert str(port) in line


def test_a_file_in_the_place_of_the_store_ends_the_start_with_6(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "blobs").write_text("in the way")

    code, line = refused(cwd=tmp_path)

    assert code == 6
    assert "blobs" in line


def test_damaged_credentials_end_the_start_with_2(stopped, tmp_path):
    (stopped.folder / "credentials.json").write_text("{}")

    code, line = refused(cwd=tmp_path)

    assert code == 2
    assert "credentials.json" in line


@pytest.mark.parametrize(("flags", "named"), [(["--potr", "1"], "--potr"), (["--config", "no.toml"], "no.toml")])
def test_a_mistake_in_the_configuration_ends_the_start_with_2_before_anything_is_made(tmp_path, flags, named):
    code, line = refused(*flags, cwd=tmp_path)

    assert code == 2
    assert named in line
    assert list(tmp_path.iterdir()) == []


def test_it_runs_over_postgresql(start_server, postgres_url):
    server = start_server("--ephemeral", CALOTYPE_DATABASE=postgres_url)

    assert server.request("GET", "/v1.1/images/detail").json == {"images": []}
    assert not (server.folder / "catalogue.sqlite").exists()


def test_it_listens_where_it_is_told(start_server):
    server = start_server("--ephemeral", "--host", "::1")

    assert server.url.startswith("http://[::1]:")
    assert server.request("GET", "/healthcheck", token=None).status == 200


def test_a_configured_option_reaches_the_service(start_server):
    server = start_server("--ephemeral", "--no-v1-enabled", "--public-endpoint", "https://images.example")

    assert server.request("GET", "/v1/images/detail").status == 300
    listed = server.request("GET", "/versions", token=None).json["versions"]
    assert {version["links"][0]["href"] for version in listed} == {"https://images.example/v2/"}
    assert "https://images.example" in (server.folder / "clouds.yaml").read_text()
