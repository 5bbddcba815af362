"""A connection can be ended at any moment."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from tests.support.mosquitto import mosquitto

from kikimori_core.wire.connection import BrokerError, Client, connect

if TYPE_CHECKING:
    from pathlib import Path


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


async def test_an_answer_that_comes_too_late_is_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a machine that is starved: the answer to a subscription comes when its waiter has given up."""
    caplog.set_level(logging.WARNING)
    async with mosquitto(tmp_path) as broker, connect(broker.settings, "starved") as client:
        broker.freeze()
        for ask in (client.subscribe, client.unsubscribe):
            with pytest.raises(BrokerError, match="in time"):
                await ask("a/topic", timeout=0)
        broker.thaw()
        # Answers come in order: when this one is here the late ones were, too.
        await client.subscribe("another/topic")
    assert caplog.records == []
