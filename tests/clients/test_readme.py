"""The commands of the README, run as they are written there. (tests/install runs them with an installed program.)"""

import readme


def test_a_new_user_creates_a_real_image_finds_changes_downloads_and_deletes_it(start_server, tmp_path, missing):
    readme.prepare(tmp_path, missing)

    readme.tell(start_server(), tmp_path)
