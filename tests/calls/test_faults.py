"""A failure in one call ends the judging of that call: its alerts close, and the others go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest_asyncio
from structlog.testing import capture_logs
from tests.calls.test_desk import News, Office
from tests.support.faults import FAULTY, SECRET
from tests.support.told import PHRASES, RULES

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori_core.model.call import EndReason, Role
from kikimori_core.wire.messages import AlertState, CallStatus, ClosedBecause
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.calls.leg import LiveLeg

SHOUT = next(each for each in load_calls() if each.name == "shout-from-start").voices[Role.CUSTOMER]


@pytest_asyncio.fixture
async def office() -> AsyncIterator[Office]:
    news = News()
    desk = Desk(DeskSettings(site="test", agent_id="agent"), (*RULES, FAULTY), PHRASES, news, None)
    yield Office(desk, news)
    await desk.close()
    assert desk.calls == {}
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def speak(office: Office, seconds: int, *legs: LiveLeg) -> None:
    """Let all legs shout at once for some seconds from where they are."""
    for _ in range(seconds):
        for leg in legs:
            first = round(leg.received_s * RATE) % (len(SHOUT) - RATE)
            leg.audio(SHOUT[first : first + RATE].tobytes())
        await office.desk.hear_all()


def told(office: Office, call_id: str) -> list[tuple[str, AlertState, ClosedBecause | None]]:
    return [
        (each.rule, each.state, each.closed_because)
        for each in office.news.alerts
        if each.call_id == call_id and (each.revision == 1 or each.state is AlertState.CLOSED)
    ]


def is_failed(office: Office, call_id: str) -> bool:
    return [each.judging_failed for each in office.news.states if each.call_id == call_id][-1]


async def test_a_rule_that_fails_ends_the_judging_of_its_call_alone(office: Office) -> None:
    faulty = [office.leg("faulty", role) for role in (Role.CUSTOMER, Role.OPERATOR)]
    sound = office.leg("sound")
    with capture_logs() as logs:
        await speak(office, 22, *faulty, sound)
    assert told(office, "faulty") == [
        ("shouting", AlertState.OPEN, None),
        ("shouting", AlertState.CLOSED, ClosedBecause.FAULT),
    ]
    assert told(office, "sound") == [("shouting", AlertState.OPEN, None)]
    assert (is_failed(office, "faulty"), is_failed(office, "sound")) == (True, False)
    closed = next(each for each in office.news.alerts if each.closed_because is ClosedBecause.FAULT)
    assert closed.suggestion is None
    assert closed.revision == max(each.revision for each in office.news.alerts if each.call_id == "faulty")
    # What is said of it: the call and the place, and nothing that somebody said.
    failed = [each for each in logs if each["event"] == "call_failed"]
    assert [(each["call_id"], each["error"]) for each in failed] == [("faulty", "RuntimeError")]
    assert failed[0]["at"].startswith("faults.py:")
    assert SECRET not in str(logs)
    assert [each.code for each in office.desk.problems()] == ["judging_failed"]
    assert "1 of 2 calls: faulty" in office.desk.problems()[0].detail
    for leg in (*faulty, sound):
        leg.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert told(office, "sound")[-1] == ("shouting", AlertState.CLOSED, ClosedBecause.CALL_ENDED)
    assert office.desk.problems() == ()
    assert office.desk.counters()["calls_failed"] == 1
    ended = {each.call_id for each in office.news.states if each.status is CallStatus.ENDED}
    assert ended == {"faulty", "sound"}


async def test_the_operators_button_works_in_a_failed_call(office: Office) -> None:
    faulty = [office.leg("faulty", role) for role in (Role.CUSTOMER, Role.OPERATOR)]
    office.desk.calls["faulty"].press("page", "operator 204")
    await speak(office, 22, *faulty)
    assert is_failed(office, "faulty")
    # The one that was pressed before stays open.
    assert ("escalate", AlertState.CLOSED, ClosedBecause.FAULT) not in told(office, "faulty")
    office.news.alerts.clear()
    for digit in "*9":
        office.desk.key("faulty", Role.OPERATOR, digit)
    assert [(each.rule, each.state) for each in office.news.alerts] == [("escalate", AlertState.OPEN)]


async def test_a_leg_whose_sound_cannot_be_heard_stops_no_other(office: Office) -> None:
    """Hearing takes all legs together; what fails there is one voice detector."""
    broken, sound = office.leg("broken"), office.leg("sound")

    class Broken:
        def is_speech(self, *_: Any) -> bool:
            raise RuntimeError(SECRET)

    bank = office.desk.hearing._banks[RATE]
    detector: Any = Broken()
    bank._detectors[broken.slot] = detector
    with capture_logs() as logs:
        await speak(office, 16, broken, sound)
    assert (is_failed(office, "broken"), is_failed(office, "sound")) == (True, False)
    assert told(office, "sound") == [("shouting", AlertState.OPEN, None)]
    assert len([each for each in logs if each["event"] == "hearing_failed"]) == 1
    assert SECRET not in str(logs)
    assert np.isclose(sound.heard_s, 16.0)
    broken.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert list(office.desk.calls) == ["sound"]


async def test_a_state_that_cannot_be_told_ends_no_other_call(office: Office) -> None:
    """A queue's name longer than the wire carries: the call cannot be shown, and the others are."""
    office.leg("sound")
    broken = office.leg("broken")
    call = office.desk.calls["broken"]
    object.__setattr__(call.info, "queue", "q" * 500)
    with capture_logs() as logs:
        call.publish()
    assert call.failed
    assert [each["event"] for each in logs] == ["call_failed", "call_untold"]
    broken.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert list(office.desk.calls) == ["sound"]
