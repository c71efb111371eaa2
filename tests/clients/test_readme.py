"""The commands of the README, run as they are written there. (tests/install runs them with an installed program.)"""

import readme


def test_a_new_user_creates_a_real_image_finds_changes_downloads_and_deletes_it(start_server, tmp_path, missing):
    readme.prepare(tmp_path, missing)

    readme.tell(start_server(), tmp_path)


def test_the_first_command_that_the_service_names_shows_what_there_is(clients, queue):
    queue(clients.server, "there already")
    (command,) = [line.strip() for line in clients.server.said if line.startswith("  ")]

    assert command.startswith(". ")
    assert "there already" in clients.run("bash", "-euc", command)
