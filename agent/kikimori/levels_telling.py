"""Levels of all calls, told several times a second."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.desk import Desk

EVERY_S = 0.25
CALLS_PER_MESSAGE = 200


async def tell_levels(desk: Desk, agent_id: str, publish: Callable[[Levels], None]) -> None:
    """Publish the levels of all calls until cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        calls = list(desk.levels().items())
        for first in range(0, len(calls), CALLS_PER_MESSAGE):
            some = dict(calls[first : first + CALLS_PER_MESSAGE])
            publish(Levels(agent_id=agent_id, at=datetime.now(UTC), calls=some))
