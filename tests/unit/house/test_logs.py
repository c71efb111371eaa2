import logging
import sys

from calotype.logs import Line, Log


def line_of(name: str, message: str, *arguments: object, **more: object) -> str:
    record = logging.LogRecord(name, logging.INFO, __file__, 1, message, arguments, None)
    record.created, record.msecs = 1795500000.25, 250.0
    for key, value in more.items():
        setattr(record, key, value)
    return Line().format(record)


def test_a_line_says_when_how_bad_who_and_what():
    line = line_of("calotype.processes.family", "web worker %d ended", 7)

    assert line == "2026-11-24T06:00:00.250Z info processes.family web worker 7 ended"


def test_fields_stand_behind_the_event():
    line = line_of("calotype.access", "request", fields={"method": "GET", "status": 200})

    assert line.endswith(" info access request method=GET status=200")


def test_no_text_from_outside_can_begin_a_line_or_move_the_cursor():
    line = line_of("calotype.access", "request\nforged", fields={"path": "/a\r\nforged\x1b[2J\u2028"})

    assert line.isprintable()
    assert "\\n" in line


def test_an_error_of_ours_is_followed_by_its_trace():
    try:
        raise KeyError("lost")
    except KeyError:
        line = line_of("calotype.access", "request failed", exc_info=sys.exc_info())

    assert "Traceback" in line
    assert line.endswith("KeyError: 'lost'")


def test_a_log_that_is_handed_over_passes_events_and_fields_on(caplog):
    with caplog.at_level(logging.INFO, logger="calotype.access"):
        Log("calotype.access").info("request", status=200)
        Log("calotype.access").error("request failed", exc_info=KeyError("lost"), request_id="req-1")

    assert [record.fields for record in caplog.records] == [{"status": 200}, {"request_id": "req-1"}]
    assert caplog.records[1].exc_info[0] is KeyError
