"""Control of a real Asterisk, told by what each telephone hears. Skipped where there is none."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.asterisk.controlled import (
    CUSTOMER_HZ,
    MUSIC,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    SUPERVISOR_HZ,
    AsteriskOffice,
    controlled_office,
    shipped,
)
from tests.support.deadline import WITHIN_S
from tests.support.real_asterisk import ROOT, needs_asterisk
from tests.support.recorder import Recorder
from tests.support.sip_phone import Habit

from kikimori.config import AgentConfig
from kikimori.integrations.asterisk.control import AsteriskControl, examine
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.audiosocket.settings import AudioSocketTable
from kikimori.taps.announced.directory import LegDirectory
from kikimori.taps.sides import SidesTable
from kikimori.ways_in import make_taps
from kikimori_core.model.call import Role
from kikimori_core.wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori.control.pbx_control import PbxAnswer

pytestmark = needs_asterisk

CONTROL = "kikimori-control.conf"
MUSIC_HEARD_S = 10
"""A hold, or ringing, that ends by itself, after the test has heard its music: on a busy machine that takes seconds."""
ANSWERED_S = 60
"""Ringing that the test answers when it has heard what it wants."""
DONE, FAILED, REFUSED = Outcome.DONE, Outcome.FAILED, Outcome.REFUSED
TALKING, ON_HOLD, TRANSFERRED = CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED


def short(answer: PbxAnswer) -> tuple[Outcome, str | None]:
    return answer.outcome, answer.reason


async def test_hold_and_take_back(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD)) == (DONE, None)
        assert office.told == [ON_HOLD]
        await office.heard(customer=MUSIC, operator=MUSIC)
        assert short(await office.press(Action.HOLD)) == (REFUSED, "already_on_hold")
        left = office.control.hold_times(office.call)
        assert left is not None
        assert (0 < left.hold_s <= office.settings.longest_hold_s, left.ring_s) == (True, None)
        assert short(await office.press(Action.UNHOLD)) == (DONE, None)
        assert office.control.hold_times(office.call) is None
        assert office.told == [ON_HOLD, TALKING]
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert short(await office.press(Action.UNHOLD)) == (REFUSED, "not_on_hold")
        # And the call still ends as calls do: with one of them.
        office.operator.hang_up()
        await office.heard(customer=None, operator=None)
        await office.until(lambda: '"held": {}' in office.settings.book.read_text("utf-8"))
        await office.nobody()


async def test_hold_brings_the_customer_back_by_itself(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=MUSIC_HEARD_S) as office:
        await office.talk()
        await office.press(Action.HOLD)
        await office.heard(customer=MUSIC, operator=MUSIC)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TALKING])


async def test_hold_without_the_operator_rings_the_superior_afterwards(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=MUSIC_HEARD_S, after_hold="superior") as office:
        await office.talk()
        assert short(await office.press(Action.HOLD, keep=False)) == (DONE, None)
        await office.heard(customer=MUSIC, operator=None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TRANSFERRED])


async def test_an_operator_who_hung_up_during_hold_is_rung(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, longest_hold_s=MUSIC_HEARD_S) as office:
        await office.talk()
        await office.press(Action.HOLD)
        office.operator.hang_up()
        await office.heard(customer=MUSIC, operator=None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_an_operator_who_hung_up_during_hold_does_not_hinder_the_superior(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        office.operator.hang_up()
        await office.heard(customer=MUSIC, operator=None)
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ})


async def test_superior_takes_over_and_the_operator_stays(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=ANSWERED_S) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        await office.heard(customer=MUSIC, operator=MUSIC)
        await office.until(lambda: office.told == [ON_HOLD])
        second = await office.press(Action.HOLD_TRANSFER)
        assert short(second) == (REFUSED, "call_busy")
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


async def test_superior_takes_over_and_the_operator_is_released(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD_TRANSFER, keep=False)) == (DONE, None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)
        # Taken back, the operator's telephone rings again.
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        await office.until(lambda: office.told == [ON_HOLD, TRANSFERRED, ON_HOLD, TALKING])


async def test_an_operator_whom_transfers_release_stays_during_a_hold(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, keep_operator=False) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD)) == (DONE, None)
        await office.heard(customer=MUSIC, operator=MUSIC)
        assert short(await office.press(Action.UNHOLD)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert office.operator.calls_seen == 1
        # From a hold as from a talk.
        await office.press(Action.HOLD)
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)


async def test_from_hold_to_the_superior_and_back(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


async def test_from_hold_to_the_superior_without_the_operator(tmp_path: Path) -> None:
    """The dialplan lets the operator go: nobody waits in the music for a press that was half done."""
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=ANSWERED_S) as office:
        await office.talk()
        await office.press(Action.HOLD, keep=True)
        await office.heard(operator=MUSIC)
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, keep=False))
        await office.heard(customer=MUSIC, operator=None)
        await office.until(lambda: office.superior.ringing)
        office.superior.answer()
        assert short(await pressed) == (DONE, None)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ})
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


@pytest.mark.parametrize(
    ("habit", "reason"),
    [
        (Habit.BUSY, "busy"),
        (Habit.DECLINE, "declined"),
        (Habit.RING, "no_answer"),
        (Habit.DEAD, "no_answer"),
    ],
)
async def test_a_superior_who_does_not_answer(tmp_path: Path, habit: Habit, reason: str) -> None:
    async with controlled_office(tmp_path, habits={"200": habit}) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD_TRANSFER)) == (FAILED, reason)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        await office.until(lambda: office.told[-1] is TALKING)


@pytest.mark.parametrize(("target", "reason"), [("777", "no_such_extension"), ("299", "unreachable")])
async def test_a_telephone_that_is_not_there(tmp_path: Path, target: str, reason: str) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        for action in (Action.HOLD_TRANSFER, Action.TRANSFER):
            assert short(await office.press(action, target)) == (FAILED, reason)
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
            await office.until(lambda: office.told[-1:] in ([], [TALKING]))
        assert CallStatus.TRANSFERRED not in office.told
        assert short(await office.press(Action.TRANSFER, "20,0")) == (REFUSED, "no_such_extension")


async def test_nobody_answers_and_the_operator_has_gone(tmp_path: Path) -> None:
    async with controlled_office(
        tmp_path, habits={"200": Habit.RING}, longest_hold_s=MUSIC_HEARD_S
    ) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD_TRANSFER, keep=False)) == (FAILED, "no_answer")
        await office.heard(customer=MUSIC, operator=None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_a_ringing_transfer_is_called_off(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=20) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        assert short(await office.take_back()) == (DONE, None)
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


async def test_blind_to_a_queue_and_to_a_telephone_that_nobody_answers(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"205": Habit.RING}, longest_hold_s=3) as office:
        await office.talk()
        assert short(await office.press(Action.TRANSFER, "600", keep=False)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told[-1] is TRANSFERRED)
        office.customer.hang_up()
        await office.heard(customer=None, operator=None)
        await office.talk()
        assert short(await office.press(Action.TRANSFER, "205")) == (DONE, None)
        assert office.supervisor.ringing
        assert office.told[-1] is ON_HOLD
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told[-1] is TALKING)


QUEUES = """
[office]
exten => 610,1,Queue(superiors)
exten => 611,1,Answer()
 same => n,Queue(superiors)
exten => 612,1,Answer()
 same => n,Wait(20)
exten => 613,1,VoiceMail(1@default,s)
"""
SUPERIORS = "[general]\n[help]\nmember => PJSIP/204\n[superiors]\nmember => PJSIP/200\n"


@pytest.mark.parametrize("queue", ["610", "611"])
async def test_a_queue_of_superiors_has_answered_when_one_of_them_has(tmp_path: Path, queue: str) -> None:
    """This holds whether the queue answers the customer first (611) or not."""
    async with controlled_office(
        tmp_path,
        habits={"200": Habit.RING},
        files={"queues.conf": SUPERIORS},
        dialplan=QUEUES + shipped(CONTROL),
        ring_s=MUSIC_HEARD_S,
    ) as office:
        await office.talk()
        # Nobody takes it: back.
        assert short(await office.press(Action.HOLD_TRANSFER, queue)) == (FAILED, "no_answer")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TALKING])
        # Called off.
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, queue))
        await office.until(lambda: office.superior.ringing)
        await office.heard(customer=MUSIC, operator=MUSIC)
        assert short(await office.take_back()) == (DONE, None)
        assert short(await pressed) == (FAILED, "superseded")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: not office.superior.ringing)
        # Somebody does.
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, queue))
        await office.until(lambda: office.superior.ringing)
        await office.heard(customer=MUSIC, operator=MUSIC)
        await office.until(lambda: office.told[-1] is ON_HOLD)
        office.superior.answer()
        assert short(await pressed) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ, SUPERIOR_HZ}, superior={CUSTOMER_HZ, OPERATOR_HZ})
        await office.until(lambda: office.told[-1] is TRANSFERRED)
        # The customer hangs up while it rings: nobody is rung on.
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, queue))
        await office.until(lambda: office.superior.ringing)
        office.customer.hang_up()
        assert short(await pressed) == (FAILED, "customer_hung_up")
        await office.nobody()


async def test_blind_to_a_queue_that_has_nobody_free(tmp_path: Path) -> None:
    """The queue plays music and says nothing: the customer waits there, longer than a telephone would ring."""
    async with controlled_office(
        tmp_path,
        habits={"200": Habit.RING},
        files={"queues.conf": SUPERIORS.replace("[superiors]", "[superiors]\ntimeout=60")},
        dialplan=QUEUES + shipped(CONTROL),
    ) as office:
        await office.talk()
        assert short(await office.press(Action.TRANSFER, "610", keep=False)) == (DONE, None)
        await office.heard(customer=MUSIC, operator=None)
        await office.until(lambda: office.told == [ON_HOLD])
        office.superior.answer()
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TRANSFERRED])


async def test_a_menu_is_no_superior(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, dialplan=QUEUES + shipped(CONTROL)) as office:
        await office.talk()
        assert short(await office.press(Action.HOLD_TRANSFER, "612")) == (FAILED, "no_answer")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TALKING])


async def test_a_mailbox_is_no_superior_and_is_not_waited_for(tmp_path: Path) -> None:
    mailbox = {"voicemail.conf": "[general]\nformat=wav\n[default]\n1 => 1234,Superior\n"}
    async with controlled_office(
        tmp_path, files=mailbox, dialplan=QUEUES + shipped(CONTROL), ring_s=60
    ) as office:
        assert "Loaded" in await office.asterisk.cli("module load app_voicemail.so")
        await office.talk()
        async with asyncio.timeout(WITHIN_S):
            assert short(await office.press(Action.HOLD_TRANSFER, "613")) == (FAILED, "no_answer")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await office.until(lambda: office.told == [ON_HOLD, TALKING])


async def test_a_call_that_the_operator_made_and_one_from_a_queue(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        for caller, extension in ((office.operator, "outside"), (office.customer, "600")):
            caller.call(extension)
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
            # A dialplan tap knows the customer's channel only.
            office.call = replace(await office.know(), operator_channel=None)
            assert short(await office.press(Action.HOLD)) == (DONE, None)
            await office.heard(customer=MUSIC, operator=MUSIC)
            assert short(await office.press(Action.HOLD_TRANSFER)) == (DONE, None)
            await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
            assert short(await office.press(Action.HANG_UP)) == (DONE, None)
            await office.heard(customer=None, operator=None, superior=None)


@pytest.mark.parametrize(
    ("action", "operator", "customer", "dial"),
    [
        (Action.LISTEN, {CUSTOMER_HZ}, {OPERATOR_HZ}, "PJSIP/{extension}"),
        (Action.LISTEN, {CUSTOMER_HZ}, {OPERATOR_HZ}, "Local/{extension}@office"),
        (Action.WHISPER, {CUSTOMER_HZ, SUPERVISOR_HZ}, {OPERATOR_HZ}, "Local/{extension}@office"),
        (
            Action.BARGE,
            {CUSTOMER_HZ, SUPERVISOR_HZ},
            {OPERATOR_HZ, SUPERVISOR_HZ},
            "Local/{extension}@office",
        ),
    ],
)
async def test_a_supervisor_beside_the_call(
    tmp_path: Path, action: Action, operator: set[int], customer: set[int], dial: str
) -> None:
    async with controlled_office(tmp_path, dial=dial) as office:
        await office.talk()
        assert short(await office.press(action, "205")) == (DONE, None)
        await office.heard(supervisor={CUSTOMER_HZ, OPERATOR_HZ}, operator=operator, customer=customer)
        office.supervisor.hang_up()
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        office.supervisor.habit = Habit.DECLINE
        assert short(await office.press(action, "205")) == (FAILED, "declined")
        office.supervisor.habit = Habit.BUSY
        assert short(await office.press(action, "205")) == (FAILED, "busy")
        office.supervisor.habit = Habit.RING
        assert short(await office.press(action, "205")) == (FAILED, "no_answer")
        assert short(await office.press(action, "299")) == (FAILED, "unreachable")


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


@pytest.mark.parametrize(("keep", "tap"), [(False, False), (False, True), (True, True)])
async def test_an_announcement_after_a_transfer(tmp_path: Path, *, keep: bool, tap: bool) -> None:
    """The customer hears it, whoever they talk with by now, and whether or not a tap has hooks on their channel.

    An operator who has spoken for longer than the superior is what made Debian's Asterisk deaf to a whisper (control.md).
    """
    async with (
        controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=ANSWERED_S) as office,
        tapped(office) if tap else nullcontext() as desk,
    ):
        await office.talk()
        if desk is not None:
            await desk.until(lambda: {each.info.role for each in desk.legs} == {Role.CUSTOMER, Role.OPERATOR})
            office.call = desk.legs[-1].info.call
        assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ, SOUND_HZ}, operator={CUSTOMER_HZ, SOUND_HZ})
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, keep=keep))
        await office.until(lambda: office.superior.ringing)
        office.superior.answer()
        assert short(await pressed) == (DONE, None)
        told = list(office.told)
        if keep:
            await office.heard(operator={CUSTOMER_HZ, SUPERIOR_HZ})
        if desk is not None:
            # The superior's is there, and that of an operator who is out of the call has ended.
            await desk.until(
                lambda: (
                    len(desk.legs) > 2
                    and [each.ended for each in desk.legs].count(None) == (3 if keep else 2)
                )
            )
            legs = [each for each in desk.legs if each.ended is None]
        assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
        operators = {OPERATOR_HZ} if keep else set()
        await office.heard(
            customer={SUPERIOR_HZ, SOUND_HZ} | operators,
            superior={CUSTOMER_HZ, SOUND_HZ} | operators,
            operator={CUSTOMER_HZ, SUPERIOR_HZ, SOUND_HZ} if keep else None,
        )
        # It leaves, and nothing else happens to the call.
        await office.heard(
            customer={SUPERIOR_HZ} | operators,
            superior={CUSTOMER_HZ} | operators,
            operator={CUSTOMER_HZ, SUPERIOR_HZ} if keep else None,
        )
        assert office.told == told
        if desk is not None:
            # For the tap it was nobody.
            assert [each for each in desk.legs if each.ended is None] == legs
        assert short(await office.press(Action.HANG_UP)) == (DONE, None)
        await office.nobody()


@pytest.mark.parametrize("press", [Action.HOLD, Action.HOLD_TRANSFER])
async def test_a_button_pressed_while_an_announcement_plays(tmp_path: Path, press: Action) -> None:
    """The announcement is nobody whom a customer could be left with."""
    async with controlled_office(tmp_path) as office:
        await office.talk()
        office.call = replace(office.call, operator_channel=None)
        assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ, SOUND_HZ}, operator={CUSTOMER_HZ, SOUND_HZ})
        assert short(await office.press(press)) == (DONE, None)
        if press is Action.HOLD:
            await office.heard(customer=MUSIC, operator=MUSIC)
            # What was cut short plays no more, so the next one may.
            assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
            await office.heard(customer=MUSIC | {SOUND_HZ})
        else:
            await office.heard(customer={OPERATOR_HZ, SUPERIOR_HZ}, superior={CUSTOMER_HZ, OPERATOR_HZ})
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        office.operator.hang_up()
        await office.nobody()


async def test_who_hangs_up_while_an_announcement_plays_ends_the_call(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        for who in (office.customer, office.operator):
            await office.talk()
            assert short(await office.press(Action.ANNOUNCE)) == (DONE, None)
            await office.heard(customer={OPERATOR_HZ, SOUND_HZ})
            who.hang_up()
            await office.heard(customer=None, operator=None)
            await office.nobody()


@pytest.mark.parametrize("music", ["none", "empty"])
async def test_without_music_the_customer_is_put_back(tmp_path: Path, music: str) -> None:
    (tmp_path / "nothing").mkdir()
    conf = (
        "[other]\nmode=files\ndirectory=/nonexistent\n"
        if music == "none"
        else f"[default]\nmode=files\ndirectory={tmp_path}/nothing\n"
    )
    async with controlled_office(tmp_path, files={"musiconhold.conf": conf}) as office:
        await office.until(lambda: [each.code for each in office.control.problems()] == ["pbx_no_music"])
        await office.talk()
        for action in (Action.HOLD, Action.HOLD_TRANSFER):
            assert short(await office.press(action)) == (FAILED, "no_music")
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_without_the_dialplan_nobody_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kikimori.integrations.asterisk.control.control.LOOK_AGAIN_S", 0.5)
    async with controlled_office(tmp_path, dialplan="") as office:
        await office.until(lambda: [each.code for each in office.control.problems()] == ["pbx_no_dialplan"])
        await office.talk()
        assert short(await office.press(Action.HOLD)) == (FAILED, "not_included")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        # Somebody does what the remedy says.
        extensions = tmp_path / "etc" / "extensions.conf"
        extensions.write_text(
            extensions.read_text("utf-8") + shipped("kikimori-control.conf"), encoding="utf-8"
        )
        await office.asterisk.cli("dialplan reload")
        await office.until(lambda: office.control.problems() == ())
        assert short(await office.press(Action.HOLD)) == (DONE, None)


async def test_for_the_tap_it_stays_one_call(tmp_path: Path) -> None:
    """The tap by ARI names the channels, and follows what control does with them."""
    async with controlled_office(tmp_path) as office, tapped(office) as desk:
        await office.talk()
        await desk.until(lambda: {each.info.role for each in desk.legs} == {Role.CUSTOMER, Role.OPERATOR})
        office.call = desk.legs[-1].info.call
        customer = next(each for each in desk.legs if each.info.role is Role.CUSTOMER)
        assert short(await office.press(Action.HOLD)) == (DONE, None)
        assert short(await office.press(Action.HOLD_TRANSFER, keep=False)) == (DONE, None)
        await desk.until(lambda: desk.legs[-1].info.call.operator.number == "200")
        assert customer.ended is None
        assert {each.info.call.call_id for each in desk.legs} == {customer.info.call.call_id}
        assert short(await office.press(Action.HANG_UP)) == (DONE, None)
        await desk.until(lambda: all(each.ended for each in desk.legs))


@asynccontextmanager
async def tapped(office: AsteriskOffice) -> AsyncIterator[Recorder]:
    desk = Recorder()
    config = AgentConfig(
        sides=SidesTable(customer_endpoints=("PJSIP/trunk*",), operator_endpoints=("PJSIP/2*",)),
        audiosocket=AudioSocketTable(port=0, announce_port=0),
        asterisk=AsteriskTable(
            tap=True, ari_url=office.asterisk.ari_url, ari_password_file=office.table.ami_password_file
        ),
    )
    taps = make_taps(config, desk, LegDirectory(asyncio.get_running_loop().time))
    running = []
    try:
        for tap in taps:
            await tap.listen()
            running.append(asyncio.create_task(tap.run()))
        await office.until(lambda: not any(tap.problems() for tap in taps))
        yield desk
    finally:
        for tap in taps:
            await tap.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_the_connection_breaks_while_the_superior_is_rung(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, habits={"200": Habit.RING}, ring_s=ANSWERED_S) as office:
        await office.talk()
        pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
        await office.until(lambda: office.superior.ringing)
        office.wire.cut()
        assert short(await pressed) == (FAILED, "pbx_away")
        assert short(await office.press(Action.TAKE_BACK)) == (FAILED, "pbx_away")
        # Asterisk goes on by itself.
        office.superior.answer()
        await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
        office.wire.mend()
        await office.until(lambda: office.control.connected and office.told[-1] is TRANSFERRED)
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


async def test_a_customer_held_by_a_dead_run_is_brought_back_at_once(tmp_path: Path) -> None:
    async with controlled_office(tmp_path, run=False) as office:
        first = asyncio.create_task(office.control.run())
        await office.until(lambda: office.control.connected)
        await office.talk()
        assert short(await office.press(Action.HOLD)) == (DONE, None)
        first.cancel()
        await asyncio.wait([first])
        await office.heard(customer=MUSIC, operator=MUSIC)
        second = AsteriskControl(office.table, office.settings)
        running = asyncio.create_task(second.run())
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def doomed(
    office: AsteriskOffice, action: Action, hold_s: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process presses the button and lives until it is killed here."""
    call = office.call
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.asterisk.doomed_control",
        str(office.asterisk.ami_port), str(office.settings.book.parent), str(action),
        call.channel or "", call.operator_channel or "", str(hold_s),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()


async def test_the_agent_is_killed_while_a_customer_is_on_hold(tmp_path: Path) -> None:
    """No agent is left: Asterisk brings the customer back by itself."""
    async with controlled_office(tmp_path, run=False) as office:
        await office.talk()
        async with doomed(office, Action.HOLD, 2 * MUSIC_HEARD_S) as program:
            await office.heard(customer=MUSIC, operator=MUSIC)
            program.send_signal(signal.SIGKILL)
            await program.wait()
            await office.heard(customer=MUSIC, operator=MUSIC)
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_the_agent_is_killed_and_started_again(tmp_path: Path) -> None:
    """The new run knows from the disk whom the dead one held, and does not wait for Asterisk's clock."""
    async with controlled_office(tmp_path, run=False) as office:
        await office.talk()
        async with doomed(office, Action.HOLD, 600) as program:
            await office.heard(customer=MUSIC, operator=MUSIC)
            program.send_signal(signal.SIGKILL)
            await program.wait()
        running = asyncio.create_task(office.control.run())
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        running.cancel()
        await asyncio.wait([running])


async def test_the_agent_is_killed_and_the_book_is_lost(tmp_path: Path) -> None:
    """Asterisk itself tells whom a dead run moved; the page is told, and its buttons work."""
    async with controlled_office(tmp_path, run=False) as office:
        call = await office.talk()
        async with doomed(office, Action.HOLD_TRANSFER, 60) as program:
            await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
            program.send_signal(signal.SIGKILL)
            await program.wait()
        office.settings.book.unlink()
        running = asyncio.create_task(office.control.run())
        office.control.meet(call, office.told.append)
        await office.until(lambda: office.told == [TRANSFERRED])
        assert short(await office.press(Action.TAKE_BACK)) == (DONE, None)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
        await office.until(lambda: office.told[-1] is TALKING)
        running.cancel()
        await asyncio.wait([running])


@pytest.mark.parametrize("answers", [True, False])
async def test_the_agent_is_killed_while_the_superior_is_rung(tmp_path: Path, *, answers: bool) -> None:
    async with controlled_office(tmp_path, run=False, habits={"200": Habit.RING}) as office:
        await office.talk()
        async with doomed(office, Action.HOLD_TRANSFER, 60) as program:
            await office.until(lambda: office.superior.ringing)
            program.send_signal(signal.SIGKILL)
            await program.wait()
            if answers:
                office.superior.answer()
                await office.heard(customer={OPERATOR_HZ, SUPERIOR_HZ}, superior={CUSTOMER_HZ, OPERATOR_HZ})
            else:
                await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)


async def test_asterisk_dies_and_comes_again(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        await office.talk()
        await office.press(Action.HOLD)
        await office.asterisk.die()
        await office.until(lambda: [each.code for each in office.control.problems()] == ["pbx_unreachable"])
        assert short(await office.press(Action.UNHOLD)) == (FAILED, "pbx_away")
        await office.asterisk.start()
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


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        ("read = call,user\nwrite = call,reporting", "write = originate"),
        ("read = call\nwrite = call,originate,reporting", "read = user"),
        ("read = user\nwrite = call,originate,reporting", "read = call"),
    ],
)
async def test_a_user_with_too_few_rights(tmp_path: Path, rights: str, missing: str) -> None:
    user = f"[least]\nsecret = not-a-secret\n{rights}\n"
    async with controlled_office(tmp_path, files={"kikimori-manager.conf": user}) as office:
        await office.until(office.control.problems)
        (problem,) = office.control.problems()
        assert problem.code == "pbx_right_missing"
        assert missing in problem.detail


async def test_everything_is_well(tmp_path: Path) -> None:
    async with controlled_office(tmp_path) as office:
        checks = await examine(office.table, office.settings)
        assert {each.state for each in checks} == {"ok"}, checks
        assert [each.check for each in checks] == [
            "pbx_login", "pbx_version", "pbx_rights", "pbx_dialplan", "pbx_music", "pbx_telephones",
        ]  # fmt: skip
        (tmp_path / "password").write_text("wrong\n", encoding="utf-8")
        assert [each.check for each in await examine(office.table, office.settings)] == ["pbx_login_refused"]
