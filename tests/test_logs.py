"""The log of a bad day: a flood of one warning is cut short and counted, everything else is written."""

from __future__ import annotations

import pytest
import structlog

from kikimori.logs import FLOOD_LINES, FLOOD_S, FloodGate


class Log:
    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[dict[str, object]] = []
        self._gate = FloodGate(lambda: self.now)

    def say(self, method: str, event: str, **fields: object) -> None:
        try:
            self.lines.append(dict(self._gate(None, method, {"event": event, **fields})))
        except structlog.DropEvent:
            return


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_flood_is_cut_short_and_says_so(log: Log) -> None:
    for _ in range(1000):
        log.say("warning", "audiosocket_refused", reason="peer_not_allowed")
    assert len(log.lines) == FLOOD_LINES
    assert "left out" in str(log.lines[-1]["flood"])
    log.now += FLOOD_S
    log.say("warning", "audiosocket_refused", reason="peer_not_allowed")
    assert log.lines[-1]["left_out"] == 1000 - FLOOD_LINES
    log.say("warning", "audiosocket_refused", reason="peer_not_allowed")
    assert "left_out" not in log.lines[-1]


def test_another_reason_is_another_kind(log: Log) -> None:
    for _ in range(1000):
        log.say("warning", "audiosocket_refused", reason="peer_not_allowed")
    log.say("warning", "audiosocket_refused", reason="too_many_connections")
    log.say("error", "frames_dropped")
    assert [each["event"] for each in log.lines[FLOOD_LINES:]] == ["audiosocket_refused", "frames_dropped"]


def test_what_is_said_of_every_call_always_passes(log: Log) -> None:
    for number in range(1000):
        log.say("info", "call_ended", call_id=str(number))
    assert len(log.lines) == 1000


def test_kinds_without_number_take_no_memory_without_number(log: Log) -> None:
    for number in range(5000):
        log.say("warning", "broker_lost", reason=str(number))
    assert len(log.lines) == 5000
    assert len(log._gate._kinds) <= 1000
