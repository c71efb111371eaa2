import pytest

from calotype import cli
from calotype.domain.errors import Broken, Invalid, NoSpace, NotFound
from calotype.processes.exits import CannotStart, Exit


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CannotStart(Exit.PORT, "busy"), Exit.PORT),
        (Invalid("name", "x", "too short"), Exit.USAGE),
        (NotFound("no such project"), Exit.USAGE),
        (Broken("no database"), Exit.DATABASE),
        (NoSpace("full"), Exit.STORE),
        (KeyError("x"), Exit.BUG),
    ],
)
def test_each_kind_of_failure_has_its_code(error, code):
    assert cli.explain(error)[0] is code


def test_a_failure_is_told_in_one_line():
    assert cli.explain(Broken("first\n  second"))[1] == "first second"


def test_a_bug_is_told_with_the_place_it_rose_from():
    def rise() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError) as caught:
        rise()

    _, line = cli.explain(caught.value)
    assert line.startswith("bug: KeyError: 'x' (test_exits.py:")
