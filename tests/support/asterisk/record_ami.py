"""Makes `tests/integrations/asterisk/control/data/*.ami` anew: presses buttons on a real Asterisk and writes down what passed.

Run with `python -m tests.support.asterisk.record_ami [SCENARIO ...]` and KIKIMORI_ASTERISK set. Numbers and names are the test office's.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.asterisk.ami import write_transcript
from tests.support.asterisk.controlled import AsteriskOffice, controlled_office
from tests.support.sip_phone import Habit

from kikimori_core.wire.messages import Action

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DATA = Path(__file__).parents[2] / "integrations" / "asterisk" / "control" / "data"


async def hold(office: AsteriskOffice) -> None:
    """Hold, take back, hold, hang up."""
    for action in (Action.HOLD, Action.UNHOLD, Action.HOLD, Action.HANG_UP):
        await office.press(action)


async def attended(office: AsteriskOffice) -> None:
    """To the superior, who answers; taken back."""
    await office.press(Action.HOLD_TRANSFER)
    await office.heard(superior={440, 1000})
    await office.press(Action.TAKE_BACK)


async def not_answered(office: AsteriskOffice) -> None:
    """To the superior: busy, declined, ringing on, unreachable, no such extension."""
    for habit in (Habit.BUSY, Habit.DECLINE, Habit.RING):
        office.superior.habit = habit
        await office.press(Action.HOLD_TRANSFER)
    await office.press(Action.HOLD_TRANSFER, "299")
    await office.press(Action.HOLD_TRANSFER, "777")


async def blind(office: AsteriskOffice) -> None:
    """To the superior at once, the operator released; then the customer hangs up."""
    await office.press(Action.TRANSFER, keep=False)
    await office.heard(superior={440})
    office.customer.hang_up()
    await office.nobody()


async def beside(office: AsteriskOffice) -> None:
    """A supervisor listens; one declines; an announcement, and one that has no file."""
    await office.press(Action.LISTEN, "205")
    office.supervisor.hang_up()
    await office.heard(supervisor=None)
    office.supervisor.habit = Habit.DECLINE
    await office.press(Action.LISTEN, "205")
    await office.press(Action.ANNOUNCE, announcement="missing")
    await office.press(Action.ANNOUNCE)
    await asyncio.sleep(4)


async def customer_leaves(office: AsteriskOffice) -> None:
    """The customer hangs up while the superior's telephone rings."""
    office.superior.habit = Habit.RING
    pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER))
    await office.until(lambda: office.superior.ringing)
    office.customer.hang_up()
    await pressed


SCENARIOS: tuple[Callable[[AsteriskOffice], Awaitable[None]], ...] = (
    hold,
    attended,
    not_answered,
    blind,
    beside,
    customer_leaves,
)


async def main(wanted: list[str]) -> None:
    DATA.mkdir(exist_ok=True)
    for scenario in SCENARIOS:
        if wanted and scenario.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory() as folder:
            async with controlled_office(Path(folder)) as office:
                await office.until(lambda: b"probed" in b"".join(data for _, data in office.wire.passed))
                await office.nobody()
                await office.talk()
                await scenario(office)
                await asyncio.sleep(0.5)
                write_transcript(office.wire, DATA / f"{scenario.__name__}.ami", hide=folder)
    if wanted and "no_dialplan" not in wanted:
        return
    nothing = DATA / "no_dialplan.ami"
    with tempfile.TemporaryDirectory() as folder:
        async with controlled_office(Path(folder), dialplan="") as office:
            await office.until(office.control.problems)
            await office.talk()
            await office.press(Action.HOLD)
            write_transcript(office.wire, nothing, hide=folder)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
