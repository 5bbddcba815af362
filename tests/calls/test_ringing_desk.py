"""Calls that ring: listed without sound, one alert about the caller, one call when they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.calls.test_desk import News
from tests.support.told import PHRASES, RULES

from kikimori.calls.callers import tell_callers
from kikimori.calls.desk import Desk
from kikimori.calls.ringing_desk import ANSWERED_FOR_S, KEPT_FOR_S, MOST_KEPT, SHOWN_FOR_S
from kikimori.calls.settings import DeskSettings
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Party, Role
from kikimori_core.wire.delivery import CallerContacts, CallerDay
from kikimori_core.wire.messages import AlertState, CallStatus, ClosedBecause
from kikimori_core.wire.ringing_calls import MOST_PHONES, MOST_RINGING, RingingCalls

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Alert

CALLER = Party(number="0355550100", name="髙橋 商店")
TEN_TIMES = CallerContacts(days=(CallerDay(days_ago=2, contacts=9, minutes=20, incidents=0),))
SECOND = bytes(16000)


class Office:
    """A desk with a clock of its own, and what it tells."""

    def __init__(self) -> None:
        self.news = News()
        self.now_s = 1000.0
        settings = DeskSettings(site="test", agent_id="agent", run="run1")
        self.desk = Desk(settings, RULES, PHRASES, self.news, None, clock=lambda: self.now_s)

    def rings(self, call_id: str = "c1", *phones: str, answered: bool = False) -> None:
        self.desk.ring(info(call_id), phones, answered=answered)

    def listed(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(each.call_id, each.phones) for each in self.desk.ringing.listed().calls]

    def repeats(self) -> list[tuple[AlertState, ClosedBecause | None]]:
        return [(each.state, each.closed_because) for each in self.alerts()]

    def alerts(self) -> list[Alert]:
        return [each for each in self.news.alerts if each.rule_kind == "repeat_caller"]


def info(call_id: str = "c1", operator: Party | None = None) -> CallInfo:
    return CallInfo(call_id, "test", caller=CALLER, operator=operator or Party(), queue="support")


@pytest.fixture
async def office() -> Office:
    return Office()


async def test_a_ringing_call_is_listed_and_is_no_call(office: Office) -> None:
    office.rings("c1", "201", "202")
    (call,) = office.desk.ringing.listed().calls
    assert (call.call_id, call.caller, call.queue, call.phones) == ("c1", CALLER, "support", ("201", "202"))
    assert office.desk.calls == {}
    assert office.news.states == []
    assert office.desk.counters()["calls_begun"] == 0
    office.rings("c1", "202")
    assert office.listed() == [("c1", ("202",))]
    office.desk.ring_over("c1")
    assert office.listed() == []
    assert office.news.alerts == []


async def test_a_repeat_caller_is_told_at_the_ring_and_once(office: Office) -> None:
    office.rings("c1", "201")
    tell_callers(office.desk, {"c1": TEN_TIMES, "unknown": TEN_TIMES})
    tell_callers(office.desk, {"c1": TEN_TIMES})
    (alert,) = office.news.alerts
    assert (alert.rule, alert.call_id, alert.caller) == ("repeat-caller", "c1", CALLER)
    assert alert.operator.number == "201"
    office.rings("c1", "202", answered=True)
    leg = office.desk.open_leg(
        LegInfo(info(operator=Party(number="202")), Role.CUSTOMER, 8000),
    )
    assert office.listed() == []
    tell_callers(office.desk, {"c1": TEN_TIMES})
    leg.audio(SECOND)
    await office.desk.hear_all()
    assert office.alerts() == [alert]
    leg.audio(3 * SECOND)
    await office.desk.hear_all()
    again = office.alerts()[-1]
    assert (again.alert_id, again.revision, again.operator.number) == (alert.alert_id, 2, "202")
    leg.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    closed = office.alerts()[-1]
    assert (closed.alert_id, closed.revision, closed.state) == (alert.alert_id, 3, AlertState.CLOSED)
    assert closed.operator.number == "202"
    assert office.news.states[-1].status is CallStatus.ENDED


async def test_a_call_that_nobody_answers_closes_its_alert(office: Office) -> None:
    office.rings("c1", "201")
    tell_callers(office.desk, {"c1": TEN_TIMES})
    office.desk.ring_over("c1")
    office.desk.ring_over("c1")
    assert office.repeats() == [(AlertState.OPEN, None), (AlertState.CLOSED, ClosedBecause.CALL_ENDED)]
    assert office.desk.counters()["rings_seen"] == 1
    assert office.news.states == []


async def test_between_two_telephones_the_alert_stays(office: Office) -> None:
    office.rings("c1", "201")
    tell_callers(office.desk, {"c1": TEN_TIMES})
    office.rings("c1")
    assert office.listed() == []
    office.rings("c1", "202")
    tell_callers(office.desk, {"c1": TEN_TIMES})
    assert office.listed() == [("c1", ("202",))]
    assert office.repeats() == [(AlertState.OPEN, None)]


async def test_an_answered_call_is_shown_until_its_first_sound(office: Office) -> None:
    office.rings("c1", "201", "202")
    office.rings("c1", "202", answered=True)
    (call,) = office.desk.ringing.listed().calls
    assert (call.phones, call.answered) == (("202",), True)
    office.now_s += ANSWERED_FOR_S + 0.1
    assert office.listed() == []
    office.desk.ringing.forget_old()
    office.rings("c1", "201", answered=True)
    assert office.listed() == []


async def test_what_rings_without_end_is_dropped_and_raised_again_when_it_is_answered(office: Office) -> None:
    office.rings("c1", "201")
    tell_callers(office.desk, {"c1": TEN_TIMES})
    office.now_s += SHOWN_FOR_S + 1
    office.desk.ringing.forget_old()
    office.desk.ringing.forget_old()
    assert office.listed() == []
    assert office.repeats()[1:] == [(AlertState.CLOSED, ClosedBecause.CALL_ENDED)]
    assert office.desk.counters()["rings_without_end"] == 1
    leg = office.desk.open_leg(LegInfo(info(), Role.CUSTOMER, 8000))
    tell_callers(office.desk, {"c1": TEN_TIMES})
    leg.audio(SECOND)
    await office.desk.hear_all()
    first, _, second = office.alerts()
    assert second.state is AlertState.OPEN
    assert second.alert_id != first.alert_id


async def test_a_caller_who_waited_long_is_told_again_at_the_next_ring(office: Office) -> None:
    office.rings("c1", "201")
    tell_callers(office.desk, {"c1": TEN_TIMES})
    office.rings("c1")
    office.now_s += SHOWN_FOR_S + 1
    office.desk.ringing.forget_old()
    assert office.desk.counters()["rings_without_end"] == 0
    office.rings("c1", "202")
    assert [state for state, _ in office.repeats()] == [
        AlertState.OPEN,
        AlertState.CLOSED,
        AlertState.OPEN,
    ]
    office.now_s += KEPT_FOR_S + 1
    office.desk.ringing.forget_old()
    assert office.listed() == []


async def test_a_flood_is_bounded_and_counted(office: Office) -> None:
    for number in range(MOST_KEPT + 5):
        office.rings(f"c{number}", *(f"{each}" for each in range(200, 200 + MOST_PHONES + 7)))
    listed = office.desk.ringing.listed()
    assert 0 < len(listed.calls) <= MOST_RINGING
    assert len(listed.calls) + listed.more == MOST_KEPT
    assert listed.calls[0].phones_more == 7
    assert office.desk.counters()["rings_refused"] == 5
    assert RingingCalls.from_bytes(listed.to_bytes()) == listed


async def test_a_list_of_the_longest_texts_fits_into_a_message(office: Office) -> None:
    caller = Party(number="0" * 64, name="髙" * 128)
    for number in range(MOST_RINGING):
        call = CallInfo(f"{number:0>64}", "t" * 64, caller=caller, queue="受" * 128)
        office.desk.ring(call, tuple(f"{each:0>64}" for each in range(MOST_PHONES)))
    listed = office.desk.ringing.listed()
    assert RingingCalls.from_bytes(listed.to_bytes()) == listed
    assert listed.more


async def test_stopping_ends_all(office: Office) -> None:
    office.rings("c1", "201")
    tell_callers(office.desk, {"c1": TEN_TIMES})
    await office.desk.close()
    assert office.listed() == []
    assert office.repeats()[-1] == (AlertState.CLOSED, ClosedBecause.AGENT_RESTARTED)


async def test_a_running_call_that_rings_at_another_telephone_has_no_second_alert(office: Office) -> None:
    leg = office.desk.open_leg(LegInfo(info(), Role.CUSTOMER, 8000))
    office.rings("c1", "202")
    assert office.listed() == [("c1", ("202",))]
    tell_callers(office.desk, {"c1": TEN_TIMES})
    leg.audio(SECOND)
    await office.desk.hear_all()
    assert len(office.alerts()) == 1
    office.desk.ring_over("c1")
    assert len(office.alerts()) == 1
    assert set(office.desk.calls) == {"c1"}
    await office.desk.close()
