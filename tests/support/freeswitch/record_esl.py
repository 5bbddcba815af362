"""Makes `tests/integrations/freeswitch/control/data/*.esl` anew: presses buttons on a real FreeSWITCH and writes down what passed.

Run with `python -m tests.support.freeswitch.record_esl [SCENARIO ...]` and KIKIMORI_FREESWITCH set. Numbers and names are
the test office's.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.freeswitch.controlled import (
    CUSTOMER_HZ,
    MUSIC,
    OPERATOR_HZ,
    SUPERIOR_HZ,
    FreeSwitchOffice,
    controlled_office,
)
from tests.support.freeswitch.transcript import write_transcript
from tests.support.sip_phone import Habit

from kikimori_core.wire.messages import Action, CallStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DATA = Path(__file__).parents[2] / "integrations" / "freeswitch" / "control" / "data"


async def hold(office: FreeSwitchOffice) -> None:
    """Hold, take back, hold, hang up."""
    for action in (Action.HOLD, Action.UNHOLD, Action.HOLD, Action.HANG_UP):
        await office.press(action)


async def attended(office: FreeSwitchOffice) -> None:
    """To the superior, taken back; again, and the superior hangs up; again with the operator released, taken back."""
    await office.press(Action.HOLD_TRANSFER)
    await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
    await office.press(Action.TAKE_BACK)
    await office.press(Action.HOLD_TRANSFER)
    await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
    office.superior.hang_up()
    await office.until(lambda: office.told[-1] is CallStatus.TALKING)
    await office.press(Action.HOLD_TRANSFER, keep=False)
    await office.heard(superior={CUSTOMER_HZ}, operator=None)
    await office.press(Action.TAKE_BACK)


async def not_answered(office: FreeSwitchOffice) -> None:
    """To the superior: busy, declined, ringing on, dead, no such extension."""
    for habit in (Habit.BUSY, Habit.DECLINE, Habit.RING, Habit.DEAD):
        office.superior.habit = habit
        await office.press(Action.HOLD_TRANSFER)
    await office.press(Action.HOLD_TRANSFER, "777")


async def blind(office: FreeSwitchOffice) -> None:
    """To the superior at once, the operator takes part; taken back; busy; the operator released."""
    await office.press(Action.TRANSFER)
    await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
    await office.press(Action.TAKE_BACK)
    office.superior.habit = Habit.BUSY
    await office.press(Action.TRANSFER)
    office.superior.habit = Habit.ANSWER
    await office.press(Action.TRANSFER, keep=False)
    await office.heard(customer={SUPERIOR_HZ}, operator=None)
    await office.until(lambda: office.told[-1] is CallStatus.TRANSFERRED)


async def beside(office: FreeSwitchOffice) -> None:
    """A supervisor listens; one declines; an announcement, and one that has no file."""
    await office.press(Action.LISTEN, "205")
    await office.heard(supervisor={CUSTOMER_HZ, OPERATOR_HZ})
    office.supervisor.hang_up()
    await office.heard(supervisor=None)
    office.supervisor.habit = Habit.DECLINE
    await office.press(Action.WHISPER, "205")
    await office.press(Action.ANNOUNCE)
    await office.press(Action.ANNOUNCE, announcement="missing")


async def customer_leaves(office: FreeSwitchOffice) -> None:
    """The customer hangs up while the superior's telephone rings."""
    office.superior.habit = Habit.RING
    pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
    await office.until(lambda: office.superior.ringing)
    await office.heard(customer=MUSIC)
    office.customer.hang_up()
    await pressed
    await office.nobody()


SCENARIOS: tuple[Callable[[FreeSwitchOffice], Awaitable[None]], ...] = (
    hold, attended, not_answered, blind, beside, customer_leaves,
)  # fmt: skip


async def record(scenario: Callable[[FreeSwitchOffice], Awaitable[None]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with controlled_office(folder) as office:
            await office.talk()
            await scenario(office)
            await asyncio.sleep(1)  # what comes late is part of it
            write_transcript(office.wire, DATA / f"{scenario.__name__}.esl", hide=str(folder))


async def main(names: list[str]) -> None:
    for scenario in SCENARIOS:
        if not names or scenario.__name__ in names:
            await record(scenario)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
