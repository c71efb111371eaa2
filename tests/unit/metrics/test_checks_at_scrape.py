import threading

import pytest

from calotype.metrics.checks import FRESH_S, Checks


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_each_part_is_told_as_it_answers(clock):
    def fails() -> bool:
        raise OSError("gone")

    checks = Checks({"database": lambda: True, "store a": lambda: False, "store b": fails}, clock)

    assert checks.results() == {"database": True, "store a": False, "store b": False}


def test_an_answer_is_good_for_some_seconds(clock):
    answers = iter([True, False])
    checks = Checks({"database": lambda: next(answers)}, clock)

    assert checks.results() == {"database": True}
    clock.now += FRESH_S - 0.1
    assert checks.results() == {"database": True}
    clock.now += 0.1
    assert checks.results() == {"database": False}


def test_a_part_that_hangs_is_down_holds_one_thread_and_keeps_no_other_from_its_answer(clock):
    gate, asked = threading.Event(), []

    def hangs() -> bool:
        asked.append(1)
        return gate.wait(30)

    checks = Checks({"database": hangs, "store a": lambda: True}, clock, patience_s=0.2)

    assert checks.results() == {"database": False, "store a": True}
    clock.now += FRESH_S
    assert checks.results() == {"database": False, "store a": True}
    assert asked == [1]

    gate.set()
    for thread in threading.enumerate():
        if thread.name == "check-database":
            thread.join(30)
    assert checks.results() == {"database": True, "store a": True}
