"""Calls that are not to be recorded: by extension, by queue, and by a person's wish in mid-call."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.recording.conftest import RATE, RecordedOffice, recorded_office, settings
from tests.recording.test_recording import command, noise

from kikimori.commands import CommandHandler
from kikimori.integrations.manual.control import ManualControl
from kikimori.recording.erasing import CallEraser
from kikimori_core.journal.events import (
    CallBegun,
    CallEnded,
    LegClosed,
    LegOpened,
    RecordingState,
)
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import Utterance
from kikimori_core.wire.messages import Action, CallStatus, Outcome
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.read_journal import ReadCall

SECRET = "土下座しろ、責任者を出せ"
NUMBER = "0312345678"


def everything(office: RecordedOffice) -> bytes:
    """Return all bytes of the journals."""
    made = bytearray()
    for path in office.recording.root.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            made += path.read_bytes()
    return bytes(made)


def states(read: ReadCall) -> list[tuple[str, str]]:
    return [(str(each.state), each.reason) for each in read.of(RecordingState)]


def told(office: RecordedOffice, call_id: str) -> list[CallRecording | None]:
    """Return the states of a call's recording as they were published, without repetitions."""
    shown = [each.recording for each in office.news.states if each.call_id == call_id]
    return [each for at, each in enumerate(shown) if not at or shown[at - 1] is not each]


def speaks(office: RecordedOffice, call_id: str) -> None:
    call = office.desk.calls[call_id]
    call.observe(Utterance(Role.CUSTOMER, "1", 0.0, 1.0, SECRET, final=True))


@pytest.mark.parametrize(
    ("table", "reason"),
    [({"exclude_extensions": ["20?"]}, "extension"), ({"exclude_queues": ["care"]}, "queue")],
)
async def test_an_excluded_call_is_counted_and_nothing_of_it_is_kept(
    tmp_path: Path, table: dict[str, list[str]], reason: str
) -> None:
    async with recorded_office(tmp_path, settings(**table)) as office:
        leg, other = office.open("c1", queue="care"), office.open("c2", operator="310", caller="0399")
        await office.say(leg, noise(2, 1))
        await office.say(other, noise(1, 2))
        speaks(office, "c1")
        office.desk.calls["c1"].set_status(CallStatus.ON_HOLD)
        handler = CommandHandler(office.desk, ManualControl(), "200", recorder=office.recording.recorder)
        await handler.handle(command(Action.HOLD))
        await office.end(leg, other)
    assert told(office, "c1")[0] is CallRecording.EXCLUDED
    assert Action.STOP_RECORDING not in office.news.states[0].capabilities
    journal = office.read()
    read = journal.call("c1")
    kept = {CallBegun, LegOpened, RecordingState, LegClosed, CallEnded}
    assert {type(each) for each in read.events} == kept
    assert (read.samples, len(read.windows), states(read)) == (0, 0, [("excluded", reason)])
    assert NUMBER.encode() not in everything(office)
    assert SECRET.encode() not in everything(office)
    (ended,) = read.of(CallEnded)
    assert (ended.outcome, ended.samples_written, ended.samples_lost) == ("excluded", 0, 0)
    assert journal.call("c2").samples == RATE
    counters = office.recording.counters()
    assert counters["record_calls_heard"] == 2
    assert counters["record_calls_recorded"] == counters["record_calls_excluded"] == 1


async def test_a_call_is_not_recorded_while_an_excluded_extension_has_it(tmp_path: Path) -> None:
    async with recorded_office(tmp_path, settings(exclude_extensions=["310"])) as office:
        leg = office.open("c1", operator="204")
        await office.say(leg, noise(1, 1))
        first = office.open("c1", Role.OPERATOR, operator="310")
        await office.say(leg, noise(1, 2))
        await office.end(first)
        second = office.open("c1", Role.OPERATOR, operator="205")
        await office.say(leg, noise(1, 3))
        await office.end(leg, second)
    read = office.read().call("c1")
    assert states(read) == [("recorded", ""), ("excluded", "extension"), ("recorded", "")]
    assert told(office, "c1") == [CallRecording.ON, CallRecording.EXCLUDED, CallRecording.ON]
    heard = read.sound(0, 3 * RATE)
    assert (heard[:RATE] == noise(1, 1)).all()
    assert not heard[RATE : 2 * RATE].any()
    assert (heard[2 * RATE :] == noise(1, 3)).all()
    assert read.of(CallEnded)[0].outcome == "recorded"


async def test_a_call_whose_first_operator_is_excluded_loses_what_was_before(tmp_path: Path) -> None:
    """The extension may be known a moment after the first sound."""
    async with recorded_office(tmp_path, settings(exclude_extensions=["310"])) as office:
        leg = office.open("c1", operator=None)
        await office.say(leg, noise(1, 1))
        await office.until(lambda: office.recording.journal.bytes_written > RATE)
        late = office.open("c1", Role.OPERATOR, operator="310")
        await office.say(leg, noise(1, 2))
        await office.end(leg, late)
        await office.until(lambda: NUMBER.encode() not in everything(office))
    read = office.read().call("c1")
    assert (read.samples, states(read)) == (0, [("recorded", ""), ("excluded", "extension")])
    assert [each.since_begin for each in read.of(RecordingState)] == [False, True]
    assert NUMBER.encode() not in everything(office)


async def test_a_wish_in_mid_call_erases_it_from_its_first_frame(tmp_path: Path) -> None:
    """The other call stays as it is, and nothing of this one is written any more."""
    async with recorded_office(tmp_path) as office:
        leg, other = office.open("c1"), office.open("c2", caller="0399")
        handler = CommandHandler(office.desk, ManualControl(), "200", recorder=office.recording.recorder)
        await office.say(leg, noise(2, 1))
        await office.say(other, noise(2, 2))
        speaks(office, "c1")
        assert Action.STOP_RECORDING in office.desk.calls["c1"].state().capabilities
        await office.until(lambda: office.recording.journal.bytes_written > 4 * RATE)
        stop = command(Action.STOP_RECORDING)
        assert (await handler.handle(stop)).outcome is Outcome.DONE
        again = await handler.handle(stop)
        assert (again.outcome, again.reason) == (Outcome.REFUSED, "already_stopped")
        assert Action.STOP_RECORDING not in office.desk.calls["c1"].state().capabilities
        await office.say(leg, noise(1, 3))
        await office.say(other, noise(1, 4))
        speaks(office, "c1")
        await office.until(lambda: NUMBER.encode() not in everything(office))
        assert office.desk.calls["c1"].heard_s == pytest.approx(3)
        await office.end(leg, other)
    assert told(office, "c1") == [CallRecording.ON, CallRecording.STOPPED]
    journal = office.read()
    read, kept = journal.call("c1"), journal.call("c2")
    assert (read.samples, len(read.windows)) == (0, 0)
    for secret in (NUMBER, SECRET):
        assert secret.encode() not in everything(office)
    assert noise(2, 1)[:400].tobytes() not in everything(office)
    assert (kept.sound(0, 3 * RATE)[2 * RATE :] == noise(1, 4)).all()
    assert (kept.sound(0, 3 * RATE)[: 2 * RATE] == noise(2, 2)).all()
    (stopped,) = [each for each in read.of(RecordingState) if each.state == "stopped"]
    assert stopped.by == "課長 木村"
    (ended,) = read.of(CallEnded)
    assert (ended.outcome, ended.accounts["stopped"]) == ("stopped", 1)
    assert not [each for each in office.recording.root.rglob("*") if each.name == "erasing.json"]


async def test_what_was_to_be_erased_is_erased_by_the_next_run(tmp_path: Path) -> None:
    """The disk refuses until the agent ends; the note of it is kept."""
    async with recorded_office(tmp_path) as office:
        leg = office.open("c1")
        await office.say(leg, noise(1, 1))
        await office.until(lambda: office.recording.journal.bytes_written > RATE)
        # A folder in the place of the new file: the rewriting fails, as on a disk without room.
        (segment,) = office.recording.journal.folder.glob("*.kkj")
        blocked = segment.with_name(f"{segment.name}.new")
        blocked.mkdir()
        assert office.recording.recorder.stop_recording("c1", "木村") is None
        await office.until(lambda: office.recording._eraser.fault)
        assert [each.code for each in office.recording.problems()] == ["journal_not_erased"]
        await office.end(leg)
    assert office.read().call("c1").samples
    blocked.rmdir()
    # As a run leaves it that is killed while it erases.
    left_over = segment.with_name("0000000000000099.kkj.new")
    for path in (blocked, left_over):
        path.write_bytes(segment.read_bytes())
    async with recorded_office(tmp_path, run="run2") as later:
        await later.until(lambda: NUMBER.encode() not in everything(office))
    read = office.read().call("c1")
    assert (read.samples, read.of(CallEnded)[0].outcome) == (0, "stopped")
    assert NUMBER.encode() not in everything(office)
    assert not left_over.exists()


def test_calls_that_are_to_be_erased_stay_noted_while_they_are_taken_up_again(tmp_path: Path) -> None:
    """A kill at that moment loses none of them."""
    noted = tmp_path / "erasing.json"
    noted.write_text("[[0, 8], [3, 8]]")
    before = noted.stat().st_ino
    eraser = CallEraser()
    eraser.stop(1)
    eraser.resume(tmp_path)
    assert eraser.pending == 2
    assert (noted.read_text(), noted.stat().st_ino) == ("[[0, 8], [3, 8]]", before)
