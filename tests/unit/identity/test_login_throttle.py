from datetime import UTC, datetime, timedelta

import pytest

from calotype.domain.errors import Throttled
from calotype.service import throttle
from calotype.service.throttle import LoginThrottle

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_failures_count_for_a_minute_each():
    logins = LoginThrottle()
    for second in range(10):
        logins.failed("ann", NOON + timedelta(seconds=second))

    with pytest.raises(Throttled):
        logins.check("ann", NOON + timedelta(seconds=59.9))
    logins.check("ann", NOON + timedelta(seconds=60))


def test_the_wait_it_names_is_whole_seconds_and_enough():
    logins = LoginThrottle()
    for _ in range(10):
        logins.failed("ann", NOON)

    with pytest.raises(Throttled) as refusal:
        logins.check("ann", NOON + timedelta(seconds=18.5))

    assert refusal.value.retry_after_s == 42


def test_it_remembers_a_bounded_number_of_names_and_attempts_the_latest_ones():
    logins = LoginThrottle()
    for number in range(5000):
        logins.failed(f"user {number}", NOON)
    for _ in range(100):
        logins.failed("user 4999", NOON)

    assert len(logins._failures) == throttle._MOST_NAMES
    assert "user 0" not in logins._failures
    assert len(logins._failures["user 4999"]) == throttle.MOST_FAILURES
