"""Words of a superior who has taken a call over are told apart from the operator's as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.told import PHRASES, RULES

from kikimori.calls.call_recorder import NoRecorder
from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.calls.superior_talks import MOST, SuperiorTalks
from kikimori_core.model.call import CallInfo, LegInfo, Role
from kikimori_core.model.evidence import Utterance
from kikimori_core.wire.messages import (
    Alert,
    CallState,
    CallStatus,
    Party,
    SpokenBy,
    TranscriptLine,
)

if TYPE_CHECKING:
    from kikimori.calls.call import LiveCall

KIMURA = Party(number="200", name="木村")


def said(at_s: float, role: Role = Role.OPERATOR, *, line_id: str = "x") -> Utterance:
    return Utterance(role, line_id, at_s, at_s + 2, "はい", final=True)


@dataclass
class Leg:
    offset_s: float = 0.0
    role: Role = Role.OPERATOR


ONE, LATER = Leg(), Leg(119.0)


def taken(*, stays: bool | None) -> SuperiorTalks:
    """Moved at 100 s, with the superior from 120 s to 300 s, and then with the operator again."""
    talks = SuperiorTalks()
    talks.led_to(KIMURA, keep_operator=stays)
    talks.become(CallStatus.ON_HOLD, 100.0)
    talks.become(CallStatus.TRANSFERRED, 120.0)
    assert talks.superior == KIMURA
    return talks


def test_one_leg_for_all_who_talk_with_the_customer() -> None:
    talks = taken(stays=False)
    assert talks.spoken_by(said(90), ONE, [ONE, Leg(role=Role.CUSTOMER)]) is None
    assert talks.spoken_by(said(130), ONE, [ONE, Leg(role=Role.CUSTOMER)]) == SpokenBy(superior=KIMURA)
    assert talks.spoken_by(said(130, Role.CUSTOMER), ONE, [ONE, Leg(role=Role.CUSTOMER)]) is None
    talks.become(CallStatus.TALKING, 300.0)
    assert talks.superior is None
    assert talks.spoken_by(said(310), ONE, [ONE, Leg(role=Role.CUSTOMER)]) is None
    assert talks.spoken_by(said(298), ONE, [ONE, Leg(role=Role.CUSTOMER)]) == SpokenBy(superior=KIMURA), (
        "its final came late"
    )


def test_an_operator_who_stays_on_the_same_leg_may_be_either() -> None:
    for stays in (True, None):
        assert taken(stays=stays).spoken_by(said(130), ONE, [ONE, Leg(role=Role.CUSTOMER)]) == SpokenBy(
            superior=KIMURA, certain=False
        )


def test_a_leg_that_came_with_the_transfer_is_the_superiors_and_the_other_the_operators() -> None:
    talks = taken(stays=True)
    assert talks.spoken_by(said(130), LATER, [ONE, LATER]) == SpokenBy(superior=KIMURA)
    assert talks.spoken_by(said(130), ONE, [ONE, LATER]) is None


def test_a_superior_of_an_earlier_run_is_nobody_by_name_and_the_list_has_an_end() -> None:
    talks = SuperiorTalks()
    talks.become(CallStatus.TRANSFERRED, 1.0)
    assert talks.spoken_by(said(2), ONE, [ONE, Leg(role=Role.CUSTOMER)]) == SpokenBy(certain=False)
    for at in range(2, 2 * MOST + 10):
        talks.become(CallStatus.TALKING if at % 2 else CallStatus.TRANSFERRED, float(at))
    assert len(talks._talks) == MOST


class _Kept(NoRecorder):
    def __init__(self) -> None:
        self.lines: list[tuple[Utterance, SpokenBy | None]] = []

    def line(self, call: LiveCall, utterance: Utterance, spoken_by: SpokenBy | None = None) -> None:
        assert call.call_id == "c1"
        self.lines.append((utterance, spoken_by))


class _Listener:
    def __init__(self) -> None:
        self.lines: list[TranscriptLine] = []
        self.states: list[CallState] = []

    def call_changed(self, state: CallState) -> None:
        self.states.append(state)

    def alert_changed(self, _alert: Alert) -> None: ...

    def line(self, line: TranscriptLine) -> None:
        self.lines.append(line)


async def test_the_call_says_it_of_each_line_and_of_itself() -> None:
    told, kept = _Listener(), _Kept()
    settings = DeskSettings(site="test", agent_id="agent", keep_operator=True)
    desk = Desk(settings, RULES, PHRASES, told, None, recorder=kept)
    leg = desk.open_leg(LegInfo(CallInfo("c1", "test"), Role.OPERATOR, 8000))
    call = desk.calls["c1"]
    call.superiors.led_to(KIMURA, keep_operator=False)
    call.set_status(CallStatus.ON_HOLD)
    call.set_status(CallStatus.TRANSFERRED)
    assert [each.with_superior for each in told.states][-2:] == [None, KIMURA]
    call.observe(said(1.0), leg)
    assert told.lines[-1].spoken_by == SpokenBy(superior=KIMURA)
    assert told.states[-1].transcript_tail[-1].spoken_by == SpokenBy(superior=KIMURA)
    # The record says it too.
    assert [(each.line_id, by) for each, by in kept.lines] == [("x", SpokenBy(superior=KIMURA))]
    assert [call.leg_names.next(Role.CUSTOMER) for _ in range(2)] == ["customer", "customer.2"]
    await desk.close()
