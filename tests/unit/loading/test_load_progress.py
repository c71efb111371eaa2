import pytest

from calotype.catalogue.loading import Progress
from calotype.cli.load_progress import Estimate, describe


class Clock:
    """The time the estimate goes by, in seconds; a test moves it."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_end_is_estimated_from_the_part_of_the_file_that_is_done(clock):
    share = 0.0
    estimate = Estimate(lambda: share, clock)
    estimate.seconds_left(Progress())
    clock.now += 30
    share = 0.25

    assert (
        describe(Progress(lines_done=3000, images=3000), estimate) == "line 3,000, 100 images/s, about 1 min 30 s left"
    )


def test_what_a_resumed_load_passed_over_is_not_taken_for_work(clock):
    share = 0.5
    estimate = Estimate(lambda: share, clock)
    estimate.seconds_left(Progress())
    clock.now += 10
    share = 0.75

    assert estimate.seconds_left(Progress()) == pytest.approx(10)


def test_look_ups_that_come_last_are_part_of_the_estimate(clock):
    share = 0.0
    estimate = Estimate(lambda: share, clock)
    estimate.seconds_left(Progress(is_deferred=True))
    clock.now += 50
    share = 0.5

    assert estimate.seconds_left(Progress(is_deferred=True)) == pytest.approx(110)


def test_without_a_size_no_end_is_told(clock):
    estimate = Estimate(lambda: None, clock)
    clock.now += 10

    assert describe(Progress(lines_done=100, images=100), estimate) == "line 100, 10 images/s"
