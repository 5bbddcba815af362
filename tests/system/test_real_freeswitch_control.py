"""Control of a real FreeSWITCH, told by what each telephone hears.

Runs where KIKIMORI_FREESWITCH names an installation; skipped otherwise. Not in CI, since FreeSWITCH is not in Debian:
`tests/integrations/freeswitch/control/test_freeswitch_control.py` tells the same of a peer that is held against what this one sent.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.freeswitch.controlled import (
    CUSTOMER_HZ,
    MUSIC,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    SUPERVISOR_HZ,
    FreeSwitchOffice,
    controlled_office,
    running,
)
from tests.support.real_freeswitch import QUEUES, installed, needs_freeswitch
from tests.support.sip_phone import Habit

from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
from kikimori_core.wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.control.pbx_control import PbxAnswer

pytestmark = needs_freeswitch

ROOT = Path(__file__).parents[2]
DONE, FAILED, REFUSED = Outcome.DONE, Outcome.FAILED, Outcome.REFUSED
TALKING, ON_HOLD, TRANSFERRED = CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED
NOT_REACHED = [
    (Habit.BUSY, "busy"),
    (Habit.DECLINE, "declined"),
    (Habit.RING, "no_answer"),
    (Habit.DEAD, "no_answer"),
]


def short(answer: PbxAnswer) -> tuple[Outcome, str | None]:
    return answer.outcome, answer.reason


# --- hold


async def test_hold_and_take_back(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD)) == (DONE, None)
        assert office.told == [ON_HOLD]
        await office.heard(customer=MUSIC, operator=MUSIC)
        assert short(await office.press(Action.HOLD)) == (REFUSED, "already_on_hold")
        assert short(await office.press(Action.LISTEN, "205")) == (REFUSED, "not_connected")
        assert short(await office.press(Action.UNHOLD)) == (DONE, None)
        assert office.told == [ON_HOLD, TALKING]
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert short(await office.press(Action.UNHOLD)) == (REFUSED, "not_on_hold")
        # And the call still ends as calls do: with one of them.
        office.operator.hang_up()
        await office.heard(customer=None, operator=None)
        await office.until(lambda: '"held": {}' in office.settings.book.read_text("utf-8"))
        await office.nobody()


async def test_hold_brings_the_customer_back_by_itself(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=3) as office:
        await office.talk()
        await office.press(Action.HOLD)
        await office.heard(customer=MUSIC, operator=MUSIC)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TALKING])
        # A call as before: it ends with one of them, and rings nobody.
        seen = office.operator.calls_seen
        office.operator.hang_up()
        await office.heard(customer=None)
        await office.nobody()
        assert office.operator.calls_seen == seen


async def test_hold_without_the_operator_rings_the_superior_afterwards(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=3, after_hold="superior") as office:
        await office.talk()
        assert short(await office.press(Action.HOLD, keep=False)) == (DONE, None)
        await office.heard(customer=MUSIC, operator=None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TRANSFERRED])


async def test_after_a_hold_that_ran_out_the_operator_joins_the_superior(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=3, after_hold="superior") as office:
        await office.talk()
        await office.press(Action.HOLD, keep=True)
        await office.heard(customer=MUSIC, operator=MUSIC)
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ}, operator={CUSTOMER_HZ, SUPERIOR_HZ})
        office.superior.hang_up()
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TRANSFERRED, TALKING])


async def test_an_operator_who_hung_up_during_hold_is_rung(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=4) as office:
        await office.talk()
        await office.press(Action.HOLD)
        office.operator.hang_up()
        await office.heard(customer=MUSIC, operator=None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_a_customer_who_hangs_up_during_hold_releases_the_operator(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        await office.heard(customer=MUSIC, operator=MUSIC)
        office.customer.hang_up()
        await office.heard(operator=None)
        await office.nobody()


async def test_an_operator_who_hung_up_during_hold_does_not_hinder_the_superior(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        office.operator.hang_up()
        await office.heard(customer=MUSIC, operator=None)
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ})
        office.superior.hang_up()
        await office.heard(customer=None)
        await office.nobody()


async def test_without_music_the_customer_is_put_back(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, music=False) as office:
        await office.talk()
        for action in (Action.HOLD, Action.HOLD_TRANSFER):
            assert short(await office.press(action)) == (FAILED, "no_music")
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


# --- to the superior


async def test_superior_takes_over_and_the_operator_stays(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=20) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        await office.heard(customer=MUSIC, operator=MUSIC)
        assert office.told == [ON_HOLD]
        assert short(await office.press(Action.HOLD_TRANSFER)) == (REFUSED, "call_busy")
        office.superior.answer()
        assert short(await pressed) == (DONE, None)
        assert office.told == [ON_HOLD, TRANSFERRED]
        await office.heard(
            customer={OPERATOR_HZ, SUPERIOR_HZ},
            operator={CUSTOMER_HZ, SUPERIOR_HZ},
            superior={CUSTOMER_HZ, OPERATOR_HZ},
        )
        assert short(await office.press(Action.HOLD)) == (REFUSED, "already_transferred")
        office.superior.hang_up()
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told[-1] is TALKING)
        office.customer.hang_up()
        await office.heard(operator=None)
        await office.nobody()


async def test_superior_takes_over_and_the_operator_is_released(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD_TRANSFER, keep=False)) == (DONE, None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)
        # Taken back, the operator's telephone rings again.
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        assert office.told == [ON_HOLD, TRANSFERRED, ON_HOLD, TALKING]


async def test_from_hold_to_the_superior_and_back(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        # An operator who took part and left does not take the customer along.
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        office.operator.hang_up()
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)
        office.superior.hang_up()
        await office.heard(customer=None)
        await office.nobody()


@pytest.mark.parametrize(("habit", "reason"), NOT_REACHED)
async def test_a_superior_who_does_not_answer(tmp_path: Path, habit: Habit, reason: str) -> None:
    async with controlled_office(tmp_path, habits={"200": habit}) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD_TRANSFER)) == (FAILED, reason)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        assert office.told == [ON_HOLD, TALKING]


@pytest.mark.parametrize(("target", "reason"), [("777", "no_such_extension"), ("299", "unreachable")])
@pytest.mark.parametrize("keep", [True, False])
async def test_a_telephone_that_is_not_there(tmp_path: Path, target: str, reason: str, *, keep: bool) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        for action in (Action.HOLD_TRANSFER, Action.TRANSFER):
            assert short(await office.press(action, target, keep=keep)) == (FAILED, reason)
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
            await office.until(lambda: office.told[-1] is TALKING)
        assert TRANSFERRED not in office.told
        assert short(await office.press(Action.TRANSFER, "20,0")) == (REFUSED, "no_such_extension")


async def test_nobody_answers_and_the_operator_has_gone(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.BUSY}) as office:
        await office.talk()
        await office.press(Action.HOLD)
        office.operator.hang_up()
        await office.heard(customer=MUSIC, operator=None)
        assert short(await office.press(Action.HOLD_TRANSFER)) == (FAILED, "busy")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TALKING])


async def test_a_ringing_transfer_is_called_off(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=20) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        assert short(await pressed) == (FAILED, "superseded")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: not office.superior.ringing)


async def test_the_customer_hangs_up_while_it_rings(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=20) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        office.customer.hang_up()
        assert short(await pressed) == (FAILED, "customer_hung_up")
        await office.until(lambda: not office.superior.ringing and not office.operator.in_call)
        await office.nobody()


# --- blind


@pytest.mark.parametrize("keep", [True, False])
async def test_blind_to_a_telephone(tmp_path: Path, *, keep: bool) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=20) as office:
        await office.talk()
        assert short(await office.press(Action.TRANSFER, keep=keep)) == (DONE, None)
        assert office.superior.ringing
        assert office.told == [ON_HOLD]
        await office.heard(customer=MUSIC, operator=MUSIC if keep else None)
        office.superior.answer()
        if keep:
            await office.heard(customer={OPERATOR_HZ, SUPERIOR_HZ}, superior={CUSTOMER_HZ, OPERATOR_HZ})
        else:
            await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)
        await office.until(lambda: office.told == [ON_HOLD, TRANSFERRED])
        office.superior.hang_up()
        await office.heard(customer={OPERATOR_HZ} if keep else None, operator={CUSTOMER_HZ} if keep else None)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("habit", "reason"), NOT_REACHED)
async def test_blind_to_a_telephone_that_nobody_answers(
    tmp_path: Path, habit: Habit, reason: str, *, keep: bool
) -> None:
    async with controlled_office(tmp_path, habits={"200": habit}) as office:
        await office.talk()
        expected = (DONE, None) if habit is Habit.RING else (FAILED, reason)
        assert short(await office.press(Action.TRANSFER, keep=keep)) == expected
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        await office.until(lambda: office.told == [ON_HOLD, TALKING])


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("queue", [each for each in QUEUES if installed(f"mod_{each}")])
async def test_blind_to_a_queue(tmp_path: Path, queue: str, *, keep: bool) -> None:
    """By the dialplan (mod_loopback); the queue's one member is the supervisor's telephone."""
    async with controlled_office(
        tmp_path, dial="loopback/{target}/default/xml", habits={"205": Habit.RING}
    ) as office:
        await office.talk()
        target = {"fifo": "600", "callcenter": "601"}[queue]
        assert short(await office.press(Action.TRANSFER, target, keep=keep)) == (DONE, None)
        await office.until(lambda: office.supervisor.ringing)
        # An operator who is kept waits together with the customer: the queue has answered.
        await office.heard(customer=MUSIC | {OPERATOR_HZ} if keep else MUSIC)
        office.supervisor.answer()
        if keep:
            await office.heard(
                customer={OPERATOR_HZ, SUPERVISOR_HZ},
                supervisor={CUSTOMER_HZ, OPERATOR_HZ},
                operator={CUSTOMER_HZ, SUPERVISOR_HZ},
            )
        else:
            await office.heard(customer={SUPERVISOR_HZ}, supervisor={CUSTOMER_HZ}, operator=None)
        assert office.told == [ON_HOLD, TRANSFERRED]
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, supervisor=None)


async def test_a_call_that_the_operator_made(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        office.operator.call("0355550142")
        await office.know(caller="204")
        assert short(await office.press(Action.HOLD)) == (DONE, None)
        await office.heard(customer=MUSIC, operator=MUSIC)
        assert short(await office.press(Action.UNHOLD)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        assert short(await office.press(Action.HANG_UP)) == (DONE, None)
        await office.heard(customer=None, operator=None, superior=None)
        await office.nobody()


# --- beside the call


@pytest.mark.parametrize(
    ("action", "operator", "customer"),
    [
        (Action.LISTEN, {CUSTOMER_HZ}, {OPERATOR_HZ}),
        (Action.WHISPER, {CUSTOMER_HZ, SUPERVISOR_HZ}, {OPERATOR_HZ}),
        (Action.BARGE, {CUSTOMER_HZ, SUPERVISOR_HZ}, {OPERATOR_HZ, SUPERVISOR_HZ}),
    ],
)
async def test_a_supervisor_beside_the_call(
    tmp_path: Path, action: Action, operator: set[int], customer: set[int]
) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(action, "205")) == (DONE, None)
        await office.heard(supervisor={CUSTOMER_HZ, OPERATOR_HZ}, operator=operator, customer=customer)
        office.supervisor.hang_up()
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        for habit, reason in NOT_REACHED:
            office.supervisor.habit = habit
            assert short(await office.press(action, "205")) == (FAILED, reason)
        assert short(await office.press(action, "777")) == (FAILED, "no_such_extension")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_a_supervisor_who_listens_is_gone_with_the_call(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(Action.LISTEN, "205")) == (DONE, None)
        await office.heard(supervisor={CUSTOMER_HZ, OPERATOR_HZ})
        assert short(await office.press(Action.HANG_UP)) == (DONE, None)
        await office.heard(customer=None, operator=None, supervisor=None)
        await office.nobody()


async def test_an_announcement_is_heard_by_both(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
        assert short(await office.press(Action.ANNOUNCE)) == (REFUSED, "announcement_playing")
        await office.heard(customer={OPERATOR_HZ, SOUND_HZ}, operator={CUSTOMER_HZ, SOUND_HZ})
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert short(await office.press(Action.ANNOUNCE, announcement="missing")) == (FAILED, "no_such_file")
        assert short(await office.press(Action.ANNOUNCE, announcement="x")) == (
            REFUSED,
            "no_such_announcement",
        )
        await office.press(Action.HOLD)
        assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
        await office.heard(customer=MUSIC | {SOUND_HZ})


# --- whoever dies


async def test_the_connection_breaks_while_the_superior_is_rung(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=20) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        office.wire.cut()
        assert short(await pressed) == (FAILED, "pbx_away")
        assert short(await office.press(Action.TAKE_BACK)) == (FAILED, "pbx_away")
        # FreeSWITCH goes on by itself.
        office.superior.answer()
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        office.wire.mend()
        await office.until(lambda: office.control.connected and office.told[-1] is TRANSFERRED)
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


async def test_the_connection_breaks_while_a_hold_runs_out(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=4) as office:
        await office.talk()
        await office.press(Action.HOLD)
        office.wire.cut()
        await office.heard(customer=MUSIC)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        office.wire.mend()
        await office.until(lambda: office.told == [ON_HOLD, TALKING])
        await office.until(lambda: '"held": {}' in office.settings.book.read_text("utf-8"))


@asynccontextmanager
async def doomed(
    office: FreeSwitchOffice, action: Action, hold_s: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process presses the button and lives until it is killed here."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.freeswitch.doomed_control",
        str(office.pbx.esl_port), str(office.settings.book.parent), str(action), office.call.channel or "", str(hold_s),
        stdout=asyncio.subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()


async def test_the_agent_is_killed_while_a_customer_is_on_hold(tmp_path: Path) -> None:
    """No agent is left: FreeSWITCH brings the customer back by itself."""
    async with controlled_office(tmp_path, run=False) as office:
        await office.talk()
        async with doomed(office, Action.HOLD, 6) as program:
            await office.heard(customer=MUSIC, operator=MUSIC)
            program.send_signal(signal.SIGKILL)
            await program.wait()
            await office.heard(customer=MUSIC, operator=MUSIC)
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_the_agent_is_killed_and_the_customer_hangs_up(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, run=False) as office:
        await office.talk()
        async with doomed(office, Action.HOLD, 600) as program:
            await office.heard(customer=MUSIC, operator=MUSIC)
            program.send_signal(signal.SIGKILL)
            await program.wait()
        office.customer.hang_up()
        await office.heard(operator=None)
        await office.nobody()


async def test_the_agent_is_killed_and_started_again(tmp_path: Path) -> None:
    """The new run knows from the disk whom the dead one held, and does not wait for FreeSWITCH's clock."""
    async with controlled_office(tmp_path, run=False) as office:
        await office.talk()
        async with doomed(office, Action.HOLD, 600) as program:
            await office.heard(customer=MUSIC, operator=MUSIC)
            program.send_signal(signal.SIGKILL)
            await program.wait()
        async with running(office.control):
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
            await office.until(lambda: '"held": {}' in office.settings.book.read_text("utf-8"))


@pytest.mark.parametrize("answers", [True, False])
async def test_the_agent_is_killed_while_the_superior_is_rung(tmp_path: Path, *, answers: bool) -> None:
    async with controlled_office(tmp_path, run=False, habits={"200": Habit.RING}) as office:
        await office.talk()
        async with doomed(office, Action.HOLD_TRANSFER, 60) as program:
            await office.until(lambda: office.superior.ringing)
            program.send_signal(signal.SIGKILL)
            if answers:
                office.superior.answer()
            await program.wait()
        if not answers:
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
            return
        await office.heard(customer={OPERATOR_HZ, SUPERIOR_HZ}, superior={CUSTOMER_HZ, OPERATOR_HZ})
        # A new run knows of it, and can still take back.
        async with running(FreeSwitchControl(office.table, office.settings)):
            office.superior.hang_up()
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_a_new_run_takes_back_what_a_dead_one_transferred(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, run=False) as office:
        await office.talk()
        async with doomed(office, Action.HOLD_TRANSFER, 60):
            await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        async with running(office.control):
            await office.until(lambda: office.control.connected)
            await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
            assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


async def test_freeswitch_dies_and_comes_again(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        await office.pbx.stop()
        await office.until(lambda: [each.code for each in office.control.problems()] == ["pbx_esl_away"])
        assert short(await office.press(Action.UNHOLD)) == (FAILED, "pbx_away")
        await office.pbx.start()
        await office.pbx.until_up()
        await office.until(lambda: office.control.connected)
        # Its calls died with it: nobody is looked for for ever.
        await office.until(lambda: '"held": {}' in office.settings.book.read_text("utf-8"))
        office.customer.hang_up()
        office.operator.hang_up()
        await office.talk()
        assert short(await office.press(Action.HOLD)) == (DONE, None)


async def test_two_supervisors_press_at_once(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        answers = await asyncio.gather(
            office.press(Action.HOLD), office.press(Action.HOLD_TRANSFER), office.press(Action.TRANSFER)
        )
        assert [short(each) for each in answers] == [(DONE, None), *[(REFUSED, "call_busy")] * 2]
        await office.heard(customer=MUSIC, operator=MUSIC)
