"""Calls that are recorded: everything that was sent and known is in the journal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.recording.conftest import RATE, recorded_office, settings

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.commands import CommandHandler
from kikimori.integrations.manual.control import ManualControl
from kikimori.recording.office_choice import recording_of
from kikimori.recording.record_queue import RecordQueue
from kikimori.unanswered.telephones import SuperiorTelephones
from kikimori_core.g711 import ULAW
from kikimori_core.journal.events import (
    AlertRevision,
    CallBegun,
    CallEnded,
    CommandDone,
    LegClosed,
    LegOpened,
    Line,
    RecordingState,
    StatusChanged,
)
from kikimori_core.journal.framing import SegmentHead
from kikimori_core.journal.settings import RecordsTable
from kikimori_core.journal.sound import SoundEncoding
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import RecognisedWord, Utterance
from kikimori_core.wire.messages import Action, CallStatus, Command, EndingDecision, Party
from kikimori_core.wire.values import CallRecording
from kikimori_lab.demo.script import load_calls

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SHOUT = next(each for each in load_calls() if each.name == "shout-from-start").voices[Role.CUSTOMER]


def noise(seconds: float, seed: int, rate: int = RATE) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-9000, 9000, int(seconds * rate), np.int16)


def command(action: Action, call: str = "c1") -> Command:
    now = datetime.now(UTC)
    return Command(
        command_id="x",
        call_id=call,
        action=action,
        reply_to="kikimori/v2/test/dashboards/d/replies/agent",
        issued_by="課長 木村",
        nonce="n",
        issued_at=now,
        expires_at=now + timedelta(seconds=10),
    )


async def test_sound_is_in_the_journal_sample_for_sample(tmp_path: Path) -> None:
    """Legs of both rates and laws, with gaps, an odd end, a second operator, sound that came too fast and was dropped."""
    law = np.random.default_rng(5).integers(0, 256, 3 * RATE + 77, np.uint8)
    sent = {
        "mu": ULAW[law],
        "wide": noise(2.0, 1, 16_000),
        "late": noise(1.5, 2),
        "fast": noise(8.0, 3),
    }
    async with recorded_office(tmp_path) as office:
        mu, wide = office.open("c1"), office.open("c1", Role.OPERATOR, 16_000)
        await office.say(mu, sent["mu"][: 2 * RATE + 5])
        await office.say(wide, sent["wide"])
        mu.gap(RATE * 40 + 3)
        await office.say(mu, sent["mu"][2 * RATE + 5 :])
        late = office.open("c1", Role.OPERATOR, operator="205")
        await office.say(late, sent["late"])
        fast = office.open("c2")
        fast.audio(sent["fast"].tobytes())
        await office.end(mu, wide, late, fast)
        assert fast.dropped_frames == 150
    journal = office.read()
    one, two = journal.call("c1"), journal.call("c2")
    gap = np.zeros(RATE * 40 + 3, np.int16)
    whole = np.concatenate([sent["mu"][: 2 * RATE + 5], gap, sent["mu"][2 * RATE + 5 :]])
    closed = {each.leg: each for each in one.of(LegClosed)}
    assert {leg: each.samples for leg, each in closed.items()} == {
        0: len(whole),
        1: len(sent["wide"]),
        2: len(sent["late"]),
    }
    assert np.array_equal(one.sound(0, len(whole)), whole)
    assert np.array_equal(one.sound(1, len(sent["wide"])), sent["wide"])
    assert np.array_equal(one.sound(2, len(sent["late"])), sent["late"])
    assert np.array_equal(two.sound(0, len(sent["fast"]))[RATE * 3 :], sent["fast"][RATE * 3 :])
    assert min(position for position, _, _ in two.pieces[0]) == RATE * 3
    (flooded,) = two.of(LegClosed)
    assert (flooded.samples, flooded.dropped_frames) == (len(sent["fast"]), 150)
    laws = {encoding for _, _, encoding in one.pieces[0]}
    assert laws <= {SoundEncoding.ULAW, SoundEncoding.SILENCE}
    assert {encoding for _, _, encoding in one.pieces[1]} == {SoundEncoding.S16LE}
    opened = one.of(LegOpened)
    assert [(each.role, each.rate) for each in opened] == [
        (Role.CUSTOMER, RATE),
        (Role.OPERATOR, 16_000),
        (Role.OPERATOR, RATE),
    ]
    starts = [float(row["start_s"]) for row in one.windows if row["leg"] == 1]
    assert starts == pytest.approx([opened[1].offset_s + 0.2 * block for block in range(10)])


async def test_everything_that_is_known_of_a_call_is_in_the_journal(tmp_path: Path) -> None:
    """Status, alerts with each revision, words with their times, who pressed and what came of it, the end."""
    async with recorded_office(tmp_path) as office:
        customer, operator = office.open(), office.open(role=Role.OPERATOR)
        handler = CommandHandler(office.desk, ManualControl(), "200", recorder=office.recording.recorder)
        await office.say(customer, SHOUT[: 16 * RATE])
        call = office.desk.calls["c1"]
        words = (RecognisedWord("責任者", 1.0, 1.5, 0.9), RecognisedWord("を", 1.5, 1.6, 0.8))
        call.observe(Utterance(Role.CUSTOMER, "1", 1.0, 1.6, "責任者を", final=False))
        call.observe(
            Utterance(Role.CUSTOMER, "1", 1.0, 1.6, "責任者を", final=True, words=words, engine="vosk")
        )
        call.held(on_hold=True)
        call.set_status(CallStatus.ON_HOLD)
        call.set_status(CallStatus.TALKING)
        result = await handler.handle(command(Action.HOLD))
        await handler.handle(command(Action.ACCOMMODATE))
        office.open(role=Role.OPERATOR, operator="200", caller=None)
        await office.end(customer, operator)
        assert call.state().recording is CallRecording.ON
        # The call goes on with the superior, and the agent is stopped.
    journal = office.read()
    read = journal.call("c1")
    (begun,) = read.of(CallBegun)
    assert (begun.caller.number, begun.operator.number, begun.run) == ("0312345678", "204", "run")
    assert begun.started_at == call.started_at
    (line,) = read.of(Line)
    assert (line.text, line.engine) == ("責任者を", "vosk")
    assert line.words == (("責任者", 1.0, 1.5, 0.9), ("を", 1.5, 1.6, 0.8))
    written = [each.alert for each in read.of(AlertRevision)]
    assert written == [each.model_dump(mode="json", exclude_none=True) for each in office.news.alerts]
    assert {each["state"] for each in written} == {"open", "closed"}
    assert [each.held_by_key for each in read.of(StatusChanged)] == [True, *[False] * 4]
    status = [(each.status, each.operator.number, each.accommodated) for each in read.of(StatusChanged)]
    assert status == [
        (CallStatus.ON_HOLD, "204", False),
        (CallStatus.ON_HOLD, "204", False),
        (CallStatus.TALKING, "204", False),
        (CallStatus.TALKING, "204", True),
        (CallStatus.TALKING, "200", True),
    ]
    pressed = read.of(CommandDone)
    assert [(each.command["action"], each.issued_by) for each in pressed] == [
        ("hold", "課長 木村"),
        ("accommodate", "課長 木村"),
    ]
    assert pressed[0].result == result.model_dump(mode="json", exclude_none=True)
    assert not {"reply_to", "nonce"} & pressed[0].command.keys()
    assert [each.state for each in read.of(RecordingState)] == ["recorded"]
    (ended,) = read.of(CallEnded)
    assert (ended.reason, ended.outcome, ended.samples_lost) == ("shutdown", "recorded", 0)
    assert ended.samples_written == read.samples
    assert ended.accounts["heard"] == ended.accounts["recorded"] == 1
    assert office.recording.counters()["record_calls_recorded"] == 1
    assert office.recording.problems() == ()


async def test_a_command_that_ends_a_call_is_written_before_the_end(tmp_path: Path) -> None:
    async with recorded_office(tmp_path) as office:
        leg = office.open()
        recorder = office.recording.recorder
        decided = EndingDecision(
            proposed_by="高橋",
            proposed_person_id="p-1",
            agreed_by="木村",
            agreed_person_id="p-2",
            warnings=2,
        )
        done = recorder.command_begun(command(Action.HANG_UP).model_copy(update={"ending": decided}))
        await office.end(leg)
        assert not office.desk.calls
        result = await CommandHandler(office.desk, ManualControl(), "200").handle(command(Action.HANG_UP))
        done(result)
    events = office.read().call("c1").events
    kinds = [type(each) for each in events]
    assert kinds.index(CommandDone) == len(kinds) - 2
    ended = events[-2]
    assert isinstance(ended, CommandDone)
    assert ended.command["ending"] == decided.model_dump(exclude_none=True)
    assert kinds[-1] is CallEnded


async def test_without_the_operators_words_and_numbers(tmp_path: Path) -> None:
    table = settings(transcript_operator=False, mask_numbers=True)
    async with recorded_office(tmp_path, table) as office:
        leg = office.open()
        call = office.desk.calls["c1"]
        call.observe(Utterance(Role.OPERATOR, "1", 0.0, 1.0, "申し訳ございません", final=True))
        call.observe(Utterance(Role.CUSTOMER, "2", 0.0, 1.0, "土下座しろ", final=True))
        call.set_status(CallStatus.ON_HOLD)
        await office.end(leg)
    read = office.read().call("c1")
    assert [each.text for each in read.of(Line)] == ["土下座しろ"]
    assert read.of(AlertRevision)
    written = b"".join(path.read_bytes() for path in office.recording.journal.folder.iterdir())
    assert b"0312345678" not in written
    assert "…5678".encode() in written


def test_an_office_that_records_nothing_has_no_file(tmp_path: Path) -> None:
    head = SegmentHead("agent", "run", 0, datetime.now(UTC))
    chosen = recording_of(settings(enabled=False), RecordsTable(), lambda: tmp_path, "test", head)

    async def run() -> None:
        await chosen.start()
        await chosen.aclose()

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []
    assert (chosen.counters(), chosen.problems(), chosen.recorder) == ({}, (), NO_RECORDER)


async def test_a_superior_who_is_rung_is_in_the_record(tmp_path: Path) -> None:
    """By a press, by a transfer's next target, or by the agent's own clock."""
    async with recorded_office(tmp_path) as office:
        leg = office.open("c1")
        telephones = SuperiorTelephones(office.recording.recorder.ringing)
        telephones.ring("c1", Party(number="200"), "help", datetime.now(UTC))
        telephones.over("c1", taken=False)
        telephones.ring("c1", Party(number="201"), "transfer", datetime.now(UTC))
        telephones.over("c1", taken=True)
        telephones.ring("not recorded", Party(number="202"), "help", datetime.now(UTC))
        await office.end(leg)
    rung = [(each.ringing, each.ringing_for) for each in office.read().call("c1").of(StatusChanged)]
    assert rung == [("200", "help"), ("", ""), ("201", "transfer"), ("", "")]


async def test_a_leg_that_cannot_be_heard_is_recorded_to_its_end(tmp_path: Path) -> None:
    class Broken:
        def is_speech(self, *_: Any) -> bool:
            raise RuntimeError

    async with recorded_office(tmp_path) as office:
        broken, sound = office.open("c1"), office.open("c2")
        detector: Any = Broken()
        office.desk.hearing._banks[RATE]._detectors[broken.slot] = detector
        for second in range(3):
            await office.say(broken, noise(1, second))
            await office.say(sound, noise(1, second))
        assert (broken.deaf, sound.deaf) == (True, False)
        await office.end(broken, sound)
        assert office.desk.calls == {}
    whole = np.concatenate([noise(1, second) for second in range(3)])
    journal = office.read()
    for call_id in ("c1", "c2"):
        assert np.array_equal(journal.call(call_id).sound(0, 3 * RATE), whole)
        assert journal.call(call_id).of(LegClosed)[0].samples == 3 * RATE
    assert journal.call("c1").windows == []


async def test_a_fault_of_the_program_in_recording_costs_the_record_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue raises, as it would for a mistake of ours: calls are heard and judged as without recording."""

    def broken(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(RecordQueue, "put", broken)
    monkeypatch.setattr(RecordQueue, "put_sound", broken)
    async with recorded_office(tmp_path) as office:
        leg = office.open("c1")
        await office.say(leg, SHOUT[: 20 * RATE])
        assert any(each.rule_kind == "shouting" for each in office.news.alerts)
        await office.end(leg)
        assert not office.desk.calls
        assert not office.desk.counters()["calls_failed"]
        assert office.recording.counters()["record_events_lost"] > 0
        assert "journal_events_lost" in {each.code for each in office.recording.problems()}
