import pytest

from calotype.catalogue.record_files import BadFile, open_lines, write_lines

LINES = [f"line {number}\n".encode() * 50 for number in range(2000)]
ENDINGS = ["", ".gz", ".zst"]


def read(path):
    with open_lines(str(path)) as lines:
        return list(lines)


@pytest.fixture
def file(tmp_path, request):
    path = tmp_path / f"records.jsonl{request.param}"
    write_lines(str(path), LINES)
    return path


@pytest.mark.parametrize("file", ENDINGS, indirect=True)
def test_lines_come_back_as_they_were_written(file):
    assert b"".join(read(file)) == b"".join(LINES)


@pytest.mark.parametrize("file", [".gz", ".zst"], indirect=True)
def test_files_put_one_behind_the_other_are_one_file(file):
    file.write_bytes(file.read_bytes() * 2)

    assert b"".join(read(file)) == b"".join(LINES) * 2


@pytest.mark.parametrize("file", [".gz", ".zst"], indirect=True)
def test_a_compressed_file_that_was_cut_off_is_refused_at_its_end(file):
    file.write_bytes(file.read_bytes()[:-9])

    with pytest.raises(BadFile):
        read(file)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, ending):
    path = tmp_path / f"records{ending}"
    path.write_bytes(b"plain text\n")

    with pytest.raises(BadFile):
        read(path)


@pytest.mark.parametrize("file", ENDINGS, indirect=True)
def test_the_share_that_is_read_grows_to_the_whole(file):
    with open_lines(str(file)) as lines:
        before = lines.share_done()
        list(lines)

        assert before == 0
        assert lines.share_done() == 1


def test_a_last_line_without_line_feed_is_a_line(tmp_path):
    path = tmp_path / "records"
    path.write_bytes(b"a\nb")

    assert read(path) == [b"a\n", b"b"]


def test_a_dump_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "records"
    path.write_bytes(b"before\n")

    def breaking_off():
        yield b"after\n"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_lines(str(path), breaking_off())

    assert path.read_bytes() == b"before\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    absent = tmp_path / "absent" / "records"

    with pytest.raises(BadFile, match=f"{absent} cannot be read: No such file"), open_lines(str(absent)):
        pass
    with pytest.raises(BadFile, match=f"{absent} cannot be written: No such file"):
        write_lines(str(absent), LINES)
