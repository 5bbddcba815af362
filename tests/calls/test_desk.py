"""Calls from their legs: joined in media time, heard in blocks, judged, ended. Without recognition, with the shipped rules."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S
from tests.support.nobody import nobody
from tests.support.told import PHRASES, RULES

from kikimori.calls.callers import tell_callers
from kikimori.calls.desk import Desk
from kikimori.calls.leg import MOST_WAITING_S
from kikimori.calls.settings import DeskSettings
from kikimori.hearing.speech.pool import SpeechPool
from kikimori.hearing.speech.vosk_engine import VoskEngine
from kikimori.modelstore import resolve
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Party, Role
from kikimori_core.wire.actions import OF_JUDGING
from kikimori_core.wire.delivery import CallerContacts, CallerDay
from kikimori_core.wire.messages import (
    Action,
    AlertState,
    ButtonEvidence,
    CallStatus,
    ClosedBecause,
    Severity,
    SpeechStatus,
)
from kikimori_lab.demo.script import LONG_FOLDER, RATE, DemoCall, load_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.calls.leg import LiveLeg
    from kikimori_core.wire.messages import Alert, CallState, TranscriptLine

SECOND = bytes(RATE * 2)


@dataclass
class News:
    """A `kikimori.calls.call_observer.CallObserver` that keeps everything."""

    states: list[CallState] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    lines: list[TranscriptLine] = field(default_factory=list)

    def call_changed(self, state: CallState) -> None:
        self.states.append(state)

    def alert_changed(self, alert: Alert) -> None:
        self.alerts.append(alert)

    def line(self, line: TranscriptLine) -> None:
        self.lines.append(line)


@dataclass
class Office:
    desk: Desk
    news: News

    def leg(
        self,
        call: str = "c1",
        role: Role = Role.CUSTOMER,
        rate: int = RATE,
        *,
        caller: Party | None = None,
        operator: Party | None = None,
    ) -> LiveLeg:
        info = CallInfo(call, "test", caller=caller or Party(), operator=operator or Party())
        return self.desk.open_leg(LegInfo(info, role, rate))


@pytest_asyncio.fixture
async def office() -> AsyncIterator[Office]:
    news = News()
    settings = DeskSettings(
        site="test",
        agent_id="agent",
        capabilities=(Action.HOLD,),
        superior=Party(number="200", name="課長 木村"),
    )
    desk = Desk(settings, RULES, PHRASES, news, None)
    yield Office(desk, news)
    await desk.close()
    assert desk.calls == {}
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def play(office: Office, call: DemoCall, piece: int) -> None:
    """Both legs in pieces of `piece` bytes, as fast as they are heard."""
    legs = {role: office.leg(call.name, role) for role in (Role.CUSTOMER, Role.OPERATOR)}
    seconds = range(0, call.samples * 2, RATE * 2)
    for second in seconds:
        for role, leg in legs.items():
            pcm = call.voices[role].tobytes()[second : second + RATE * 2]
            for at in range(0, len(pcm), piece):
                leg.audio(pcm[at : at + piece])
        await office.desk.hear_all()
        for key in call.truth.dtmf:
            if second <= key.at * RATE * 2 < second + RATE * 2:
                legs[key.role].dtmf(key.digit)
    for leg in legs.values():
        leg.close(EndReason.HUNG_UP)
    await office.desk.hear_all()


@pytest.mark.parametrize("call", [*load_calls(), *load_calls(LONG_FOLDER)], ids=lambda call: call.name)
async def test_the_demo_calls_are_heard_as_they_are(office: Office, call: DemoCall) -> None:
    """Alerts that need no words are raised exactly where the truth expects them, and no others."""
    await play(office, call, 320)
    expected = [each for each in call.truth.expected_alerts if not each.needs_words]
    raised = [each for each in office.news.alerts if each.revision == 1]
    assert [(each.rule, each.severity) for each in raised] == [
        (each.rule, each.severity) for each in expected
    ]
    for alert, truth in zip(raised, expected, strict=True):
        # Keys are pressed at the second's end here.
        assert truth.start - 0.2 <= alert.raised_s <= truth.end + 1
    assert {each.state for each in office.news.alerts[-1:]} <= {AlertState.CLOSED}
    assert office.news.states[-1].status is CallStatus.ENDED


async def test_the_pieces_change_nothing(office: Office) -> None:
    call = next(each for each in load_calls() if each.name == "shouting")
    stories = []
    for piece in (2, 20, 138, 16_000):
        office.news.alerts.clear()
        await play(office, call, piece)
        stories.append([(each.revision, each.raised_s, each.evidence) for each in office.news.alerts])
    assert stories[0]
    assert all(story == stories[0] for story in stories)


async def test_two_legs_are_one_call(office: Office) -> None:
    one = office.leg(caller=Party(number="03", name="山田"))
    two = office.leg(role=Role.OPERATOR, operator=Party(number="204", name="佐藤"))
    assert list(office.desk.calls) == ["c1"]
    state = office.news.states[-1]
    assert (state.caller.number, state.operator.number) == ("03", "204")
    assert state.roles == (Role.CUSTOMER, Role.OPERATOR)
    assert state.speech is SpeechStatus.OFF
    assert state.capabilities == (Action.HOLD, *OF_JUDGING, Action.ESCALATE_CANCEL)
    assert state.superior.name == "課長 木村"
    one.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert list(office.desk.calls) == ["c1"]
    two.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert office.desk.calls == {}
    assert office.news.states[-1].ended_at is not None


async def test_earlier_contacts_of_the_caller_raise_the_shipped_notice(office: Office) -> None:
    leg = office.leg()
    days = CallerContacts(days=(CallerDay(days_ago=2, contacts=9, minutes=20, incidents=0),))
    tell_callers(office.desk, {"c1": days, "over": days})
    leg.audio(SECOND)
    await office.desk.hear_all()
    (alert,) = office.news.alerts
    assert (alert.rule, alert.severity, alert.suggestion) == ("repeat-caller", Severity.NOTICE, None)
    assert "30日間で10回目" in alert.evidence[0].summary["ja"]


async def test_a_superior_takes_over_and_the_call_stays(office: Office) -> None:
    office.leg(caller=Party(number="03"), operator=Party(number="204"))
    first = office.leg(role=Role.OPERATOR)
    office.leg(role=Role.OPERATOR, operator=Party(number="200", name="課長"))
    first.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    state = office.news.states[-1]
    assert (state.status, state.caller.number, state.operator.number) == (CallStatus.TALKING, "03", "200")


async def test_a_name_that_comes_again_is_another_call(office: Office) -> None:
    """Its alerts must not be taken for the earlier call's."""
    for _ in range(3):
        leg = office.leg(role=Role.OPERATOR)
        for digit in "*9":
            leg.dtmf(digit)
        leg.close(EndReason.HUNG_UP)
        await office.desk.hear_all()
    assert sorted({each.alert_id for each in office.news.alerts}) == [
        "c1-2.escalate.1",
        "c1-3.escalate.1",
        "c1.escalate.1",
    ]


@pytest.mark.parametrize(
    ("role", "digits", "presses"),
    [
        (Role.OPERATOR, "*9", 1),
        (Role.OPERATOR, "12*9", 1),
        (Role.OPERATOR, "**9", 1),
        (Role.OPERATOR, "*9*9", 1),
        (Role.OPERATOR, "9*", 0),
        (Role.MIXED, "*9", 1),
        (Role.CUSTOMER, "*9", 0),
    ],
)
async def test_the_escalate_code(office: Office, role: Role, digits: str, presses: int) -> None:
    """A customer who types into a menu calls nobody."""
    leg = office.leg(role=role)
    for digit in digits:
        leg.dtmf(digit)
    assert len(office.news.alerts) == presses
    assert all(each.severity is Severity.CRITICAL for each in office.news.alerts)


async def test_the_request_for_help_is_taken_back_until_somebody_acts(office: Office) -> None:
    """Whoever takes it back and needs help after all is not kept quiet for it."""
    office.leg(role=Role.OPERATOR)
    call = office.desk.calls["c1"]
    assert call.cancel_help() == "no_help_called"
    call.press("page", "佐藤")
    call.press("page", "佐藤", reason="threat", comment="折り返しにしたい")
    assert call.cancel_help() is None
    call.press("page", "佐藤")
    call.act_on_help()
    assert call.cancel_help() == "help_under_way"
    told = [(each.alert_id, each.revision, each.closed_because) for each in office.news.alerts]
    assert told == [
        ("c1.escalate.1", 1, None),
        ("c1.escalate.1", 2, None),
        ("c1.escalate.1", 3, ClosedBecause.HELP_CANCELLED),
        ("c1.escalate.2", 1, None),
    ]
    evidence = office.news.alerts[2].evidence[-1]
    assert isinstance(evidence, ButtonEvidence)
    assert (evidence.reason, evidence.comment) == ("threat", "折り返しにしたい")


@pytest.mark.parametrize(
    ("by_press", "status", "refusal"),
    [
        (True, CallStatus.ON_HOLD, "help_under_way"),
        (True, CallStatus.TRANSFERRED, "help_under_way"),
        (False, CallStatus.ON_HOLD, None),
    ],
)
async def test_only_a_move_by_the_pbx_is_an_answer_to_the_request(
    office: Office, status: CallStatus, refusal: str | None, *, by_press: bool
) -> None:
    """A hold at the telephone is the operator's own."""
    office.leg(role=Role.OPERATOR)
    call = office.desk.calls["c1"]
    if by_press:
        call.set_status(status)
    else:
        call.held(on_hold=True)
    call.press("dtmf", "204")
    assert (call.status, call.cancel_help()) == (status, refusal)


async def test_a_leg_that_floods_drops_its_oldest_and_time_goes_on(office: Office) -> None:
    """More than five seconds waiting: the oldest goes, counted and logged once; another leg is not touched."""
    flooded, other = office.leg("flood"), office.leg("other")
    with capture_logs() as logs:
        for _ in range(8):
            flooded.audio(SECOND)
    other.audio(SECOND)
    assert flooded.dropped_frames == (8 - MOST_WAITING_S) * 50
    assert [each["event"] for each in logs].count("frames_dropped") == 1
    await office.desk.hear_all()
    assert flooded.heard_s == pytest.approx(8)
    assert other.dropped_frames == 0
    assert other.heard_s == pytest.approx(1)
    assert office.desk.counters()["frames_dropped"] == flooded.dropped_frames
    flooded.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert office.desk.counters()["frames_dropped"] == flooded.dropped_frames


async def test_lost_sound_is_a_problem_for_half_a_minute() -> None:
    now = 0.0
    desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, News(), None, lambda: now)
    leg = desk.open_leg(LegInfo(CallInfo("c1", "test"), Role.CUSTOMER, RATE))
    for _ in range(8):
        leg.audio(SECOND)
    assert [each.code for each in desk.problems()] == ["sound_dropped"]
    now = 29.0
    assert desk.problems()
    now = 31.0
    assert desk.problems() == ()
    await desk.close()


class Held(SpeechPool):
    """A pool that notes when it was held back."""

    def __init__(self, engine: VoskEngine) -> None:
        self.told: list[bool] = []
        super().__init__(engine, asyncio.get_running_loop(), threads=1)

    def hold_back(self, *, held: bool) -> None:
        self.told.append(held)
        super().hold_back(held=held)


async def test_words_wait_while_sound_does() -> None:
    pool = Held(VoskEngine(resolve("ja-synth", Path("unused"))))
    desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, News(), pool)
    leg = desk.open_leg(LegInfo(CallInfo("c1", "test"), Role.CUSTOMER, RATE))
    leg.audio(bytes(RATE * 2 // 5))
    await desk.hear_all()
    assert not any(pool.told)
    leg.audio(SECOND * 3)
    await desk.hear_all()
    assert pool.told.count(True) >= 5
    assert pool.told[-1] is False
    await desk.close()
    await asyncio.to_thread(pool.stop)


async def test_babble_alone_is_named_noise_until_somebody_speaks() -> None:
    """Several people at a distance whose level jumps: their effort is nobody's, and after a minute nobody is there."""
    pool = SpeechPool(
        VoskEngine(resolve("ja-synth", Path("unused"))), asyncio.get_running_loop(), backlog_s=600
    )
    news = News()
    desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, news, pool)
    leg = desk.open_leg(LegInfo(CallInfo("c1", "test"), Role.CUSTOMER, RATE))

    async def hear(pcm: bytes) -> None:
        leg.audio(pcm)
        await desk.hear_all()
        async with asyncio.timeout(WITHIN_S):
            while not pool.idle:  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)

    for seed in range(24):
        babble = np.frombuffer(nobody("babble", 5.0, seed=seed), dtype="<i2")
        await hear((babble * 10 ** ((0, 20, 8)[seed % 3] / 20)).astype("<i2").tobytes())
    assert leg.level().noise
    assert leg.level().effort == 0
    assert not [each for each in news.alerts if each.rule == "shouting"]
    said = next(each for each in load_calls() if each.name == "threat")
    pcm = said.voices[Role.CUSTOMER].tobytes()
    for at in range(0, len(pcm), len(SECOND)):
        await hear(pcm[at : at + len(SECOND)])
    assert not leg.level().noise
    await desk.close()
    await asyncio.to_thread(pool.stop)


async def test_a_gap_is_time(office: Office) -> None:
    leg = office.leg()
    leg.audio(SECOND)
    leg.gap(RATE * 60)
    leg.audio(SECOND)
    await office.desk.hear_all()
    assert leg.heard_s == pytest.approx(62)
    assert leg.dropped_frames == 0


async def test_a_gap_leaves_the_sound_before_it_in_its_place(office: Office) -> None:
    """Also a gap that is longer than what may wait, and one that comes while another one waits."""
    leg = office.leg()
    leg.audio(b"\1\0" * (RATE // 2 + 77))
    leg.gap(RATE * 60)
    leg.audio(b"\2\0" * (RATE // 4))
    leg.gap(RATE * 30 + 3)
    leg.audio(b"\3\0" * (RATE // 2))
    heard = np.zeros(RATE * 93, np.int16)
    assert leg.received_s == pytest.approx(91.25 + 80 / RATE)
    while leg.has_block:
        start_s, block = leg.take_block()
        at = round(start_s * RATE)
        heard[at : at + len(block) // 2] = np.frombuffer(block, "<i2")
    sent = np.zeros(RATE * 93, np.int16)
    for value, first, samples in (
        (1, 0, RATE // 2 + 77),
        (2, RATE // 2 + 77 + RATE * 60, RATE // 4),
        (3, RATE // 2 + 80 + RATE * 90 + RATE // 4, RATE // 2),
    ):
        sent[first : first + samples] = value
    whole = round(leg.heard_s * RATE)
    assert np.array_equal(heard[:whole], sent[:whole])
    assert whole > RATE * 91


async def test_the_call_is_heard_up_to_its_slowest_leg(office: Office) -> None:
    """A leg that has ended holds nobody up."""
    one, two = office.leg(), office.leg(role=Role.OPERATOR)
    one.audio(SECOND * 3)
    two.audio(SECOND)
    await office.desk.hear_all()
    call = office.desk.calls["c1"]
    assert call.heard_s == pytest.approx(1, abs=0.1)
    two.close(EndReason.HUNG_UP)
    await office.desk.hear_all()
    assert call.heard_s == pytest.approx(3, abs=0.1)


async def test_after_its_end_a_leg_takes_nothing(office: Office) -> None:
    leg = office.leg(role=Role.OPERATOR)
    leg.close(EndReason.HUNG_UP)
    leg.close(EndReason.PROTOCOL_ERROR)
    leg.audio(SECOND)
    leg.gap(100)
    leg.dtmf("*")
    leg.dtmf("9")
    await office.desk.hear_all()
    assert office.news.alerts == []
    assert office.desk.calls == {}


async def test_a_rate_that_nobody_hears_opens_nothing(office: Office) -> None:
    with pytest.raises(ValueError, match="11025"):
        office.leg(rate=11025)
    assert office.desk.calls == {}


async def test_closing_the_desk_closes_alerts_and_calls(office: Office) -> None:
    leg = office.leg(role=Role.OPERATOR)
    for digit in "*9":
        leg.dtmf(digit)
    leg.audio(SECOND[:1000])
    await office.desk.close()
    assert office.news.alerts[-1].closed_because is ClosedBecause.AGENT_RESTARTED
    assert office.news.states[-1].status is CallStatus.ENDED


async def test_live_audio_is_heard_by_itself(office: Office) -> None:
    running = asyncio.create_task(office.desk.run())
    leg = office.leg()
    leg.audio(SECOND)
    async with asyncio.timeout(WITHIN_S):
        while leg.heard_s < 1:  # noqa: ASYNC110 - a leg announces nothing
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert office.desk.levels()["c1"].media_s == pytest.approx(1, abs=0.1)


async def test_words_and_numbers_are_not_logged(office: Office) -> None:
    with capture_logs() as logs:
        leg = office.leg(role=Role.OPERATOR, caller=Party(number="03-5555-0142", name="山田"))
        for digit in "*9":
            leg.dtmf(digit)
        leg.close(EndReason.HUNG_UP)
        await office.desk.hear_all()
    assert {each["event"] for each in logs} >= {"leg_opened", "leg_closed", "call_ended"}
    assert not any(secret in str(logs) for secret in ("03-5555-0142", "山田"))


async def test_a_desk_that_closed_with_audio_unheard_is_run_no_further(office: Office) -> None:
    """A busy machine is stopped: what still runs until the last alert is written must not fail."""
    office.leg().audio(SECOND * 4)
    await office.desk.close(patience_s=0)
    await office.desk.hear_all()
    assert [state.status for state in office.news.states[-1:]] == [CallStatus.ENDED]


async def test_a_call_that_becomes_uncertain_loses_its_caller_and_its_commands(office: Office) -> None:
    office.leg(caller=Party(number="0901234567", name="山田"))
    assert Action.HOLD in office.news.states[-1].capabilities
    doubted = CallInfo("c1", "test", operator=Party(number="204"), identity="uncertain")
    office.desk.open_leg(LegInfo(doubted, Role.OPERATOR, RATE))
    state = office.news.states[-1]
    assert (state.identity, state.caller) == ("uncertain", Party())
    assert state.capabilities == (Action.ESCALATE_CANCEL,)
    assert state.operator.number == "204"
