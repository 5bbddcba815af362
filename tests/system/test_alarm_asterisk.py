"""A superior who is rung for a call for help, and superiors rung one after another, on a real Asterisk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import kikimori_config
import numpy as np
import soundfile
from tests.support.asterisk.controlled import (
    CUSTOMER_HZ,
    MUSIC,
    OPERATOR_HZ,
    SUPERVISOR_HZ,
    AsteriskOffice,
    controlled_office,
)
from tests.support.deadline import WITHIN_S
from tests.support.real_asterisk import needs_asterisk
from tests.support.sip_phone import Habit

from kikimori.control.pbx_control import PbxRequest
from kikimori_core.wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from kikimori.control.pbx_control import PbxAnswer

pytestmark = needs_asterisk

SOUNDS = Path(next(iter(kikimori_config.__path__))) / "pbx" / "asterisk" / "sounds"


async def move(
    office: AsteriskOffice, action: Action, target: str, *then: str
) -> tuple[PbxAnswer, list[str]]:
    """Press, and return the answer with the extensions that were rung."""
    rung: list[str] = []
    request = PbxRequest(action, office.call, target, then=then, on_ring=rung.append)
    return await office.control.carry_out(request, office.told.append), rung


def likeness(heard: np.ndarray, piece: str) -> float:
    """Return 0 … 1: how much of a piece of the announcement is in what was heard."""
    wanted, rate = soundfile.read(SOUNDS / "ja" / "kikimori" / f"{piece}.wav", dtype="float64")
    assert rate == 8000
    size = 1 << (len(heard) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    if len(heard) <= len(wanted):
        return 0.0
    total = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = np.sqrt(total[len(wanted) :] - total[: -len(wanted)])
    match = np.fft.irfft(spectrum, size)[: len(energy)]
    return float(np.max(match / (energy * np.linalg.norm(wanted) + 1e-9)))


async def test_a_superior_is_rung_and_hears_where_help_is_needed(tmp_path: Path) -> None:
    folder = str(SOUNDS / "ja" / "kikimori")
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, sounds=folder, ring_s=60) as office:
        await office.talk()
        pressed = asyncio.create_task(move(office, Action.RING_SUPERIOR, "200"))
        await office.until(lambda: office.superior.ringing)
        office.superior.forget_sound()
        office.superior.answer()
        answer, rung = await pressed
        assert (answer.outcome, rung) == (Outcome.DONE, ["200"])
        # It is said twice, and the telephone keeps the last seconds only.
        left = {"at-extension", "2", "0", "4", "help-needed"}
        async with asyncio.timeout(WITHIN_S):
            while left:
                await asyncio.sleep(0.3)
                left = {each for each in left if likeness(office.superior.heard(), each) < 0.8}
        assert likeness(office.superior.heard(), "7") < 0.7
        # Nobody was moved, and it ends by itself.
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        assert office.told == []
        assert office.control.problems() == ()


async def test_an_alarm_that_nobody_hears(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, more="\nexten => 611,1,Answer()\n same => n,Wait(30)\n") as office:
        await office.talk()
        # What answers without a person on it has told nobody.
        found = []
        for target, habit in (("200", Habit.BUSY), ("200", Habit.RING), ("611", Habit.RING)):
            office.superior.habit = habit
            answer, _ = await move(office, Action.RING_SUPERIOR, target)
            found.append((answer.outcome, answer.reason))
        assert found == [(Outcome.FAILED, each) for each in ("busy", "no_answer", "no_answer")]
        assert office.control.problems() == ()
        # This office has not copied the sounds: Asterisk says the digits, and the agent says so.
        office.superior.habit = Habit.ANSWER
        answer, _ = await move(office, Action.RING_SUPERIOR, "200")
        assert answer.outcome is Outcome.DONE
        assert [each.code for each in office.control.problems()] == ["alarm_sounds_missing"]
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


async def test_superiors_follow_each_other_while_the_customer_stays_on_hold(tmp_path: Path) -> None:
    habits = {"200": Habit.BUSY, "205": Habit.RING}
    async with controlled_office(tmp_path, habits=habits, ring_s=60) as office:
        await office.talk()
        pressed = asyncio.create_task(move(office, Action.HOLD_TRANSFER, "200", "205", "201"))
        await office.until(lambda: office.supervisor.ringing)
        await office.heard(customer=MUSIC, operator=MUSIC)
        office.supervisor.answer()
        answer, rung = await pressed
        assert (answer.outcome, rung) == (Outcome.DONE, ["200", "205"])
        assert office.told == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED]
        await office.heard(
            customer={OPERATOR_HZ, SUPERVISOR_HZ}, supervisor={CUSTOMER_HZ, OPERATOR_HZ}, superior=None
        )
        await office.press(Action.TAKE_BACK)
        # Who takes the call back while it rings ends it: nobody follows.
        pressed = asyncio.create_task(move(office, Action.HOLD_TRANSFER, "205", "201"))
        await office.until(lambda: office.supervisor.ringing)
        assert (await office.take_back()).outcome is Outcome.DONE
        answer, rung = await pressed
        assert (answer.reason, rung) == ("superseded", ["205"])
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, supervisor=None)
        assert not office.phones["201"].calls_seen


async def test_when_no_superior_answers_the_customer_returns_once(tmp_path: Path) -> None:
    """Ringing ends after the longest hold: four telephones of 3 s each would be 12 s."""
    habits = {"200": Habit.RING, "205": Habit.DECLINE, "201": Habit.RING}
    async with controlled_office(tmp_path, habits=habits, longest_hold_s=5) as office:
        await office.talk()
        answer, rung = await move(office, Action.HOLD_TRANSFER, "200", "205", "201", "200", "201")
        assert (answer.outcome, answer.reason, rung) == (Outcome.FAILED, "no_answer", ["200", "205", "201"])
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert office.told == [CallStatus.ON_HOLD, CallStatus.TALKING]
        # The next press is one of its own: nobody of the former follows.
        office.superior.habit = Habit.BUSY
        answer, rung = await move(office, Action.HOLD_TRANSFER, "200")
        assert (answer.reason, rung) == ("busy", ["200"])


async def test_the_dialplan_rings_the_next_superior_without_this_program(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}) as office:
        await office.talk()
        pressed = asyncio.create_task(move(office, Action.HOLD_TRANSFER, "200", "205"))
        await office.until(lambda: office.superior.ringing)
        office.wire.cut()
        pressed.cancel()
        await office.heard(customer={OPERATOR_HZ, SUPERVISOR_HZ}, supervisor={CUSTOMER_HZ, OPERATOR_HZ})
