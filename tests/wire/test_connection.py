"""A connection can be ended at any moment."""

from __future__ import annotations

import asyncio

import pytest

from kikimori_wire.connection import BrokerError, Client


async def test_cancelled_at_the_moment_of_the_answer() -> None:
    """The cancellation wins, whatever the answer was."""
    client = Client("127.0.0.1")
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(client._wait_for(answer, None))
    await asyncio.sleep(0)
    answer.set_result("SUBACK")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_no_answer_in_time_is_the_brokers_fault() -> None:
    never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with pytest.raises(BrokerError):
        await Client("127.0.0.1")._wait_for(never, 0)
