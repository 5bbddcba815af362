"""Checks of the mirror port's traffic, for some seconds, as the agent reads it: faults that only it shows."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.integrations.mirror.live import LiveError
from kikimori.integrations.mirror.tap import MirrorTap
from kikimori.media.rtp.discarding_feed import DiscardingFeed
from kikimori_core.messages import both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.integrations.mirror.settings import MirrorTable
    from kikimori.taps.sides import SidesTable
    from kikimori_core.model.call import CallInfo, LegInfo, Role
    from kikimori_core.model.feed import LegFeed

LOOKED_S = 4.0


class DeafDesk:
    """A `kikimori_core.model.feed.CallDesk` for looking only: nothing is heard, kept or told."""

    def open_leg(self, info: LegInfo) -> LegFeed:
        del info
        return DiscardingFeed()

    def held(self, call_id: str, *, on_hold: bool) -> None: ...

    def key(self, call_id: str, role: Role, digit: str) -> None: ...

    def ring(self, call: CallInfo, phones: Sequence[str], *, answered: bool = False) -> None: ...

    def ring_over(self, call_id: str) -> None: ...


async def look_at_traffic(
    name: str, table: MirrorTable, sides: SidesTable, *, seconds: float = LOOKED_S
) -> list[Diagnosis]:
    """Follow the calls on the interface for a time; return every problem found."""
    tap = MirrorTap(DeafDesk(), table, sides)
    try:
        await tap.listen()
    except LiveError as error:
        return [Diagnosis(name, CheckState.FAULT, error.message, error.next_step or "")]
    running = asyncio.create_task(tap.run())
    try:
        await asyncio.wait((running,), timeout=seconds)
        problems, counters = tap.problems(), tap.counters()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await tap.close()
    found = [Diagnosis(name, CheckState.WARNING, *each.texts()) for each in problems]
    if not found and counters["mirror_sip_messages"]:
        seen = {"messages": counters["mirror_sip_messages"], "calls": counters["mirror_calls"]}
        found.append(
            Diagnosis(name, CheckState.OK, *both("mirror_calls_seen", **seen, seconds=f"{seconds:.0f}"))
        )
    return found
