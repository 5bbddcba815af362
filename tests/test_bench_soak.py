"""`kikimori bench soak`: the calls it makes are calls to the agent, on every way in; what it counts is there."""

from __future__ import annotations

import asyncio
import gc

import pytest

from kikimori.bus.shedding import SheddingQueue
from kikimori_lab.bench.inventory import grown, take_inventory
from kikimori_lab.bench.soak import SoakSettings, bench_soak
from kikimori_lab.bench.soak_calls import Way


@pytest.mark.parametrize("way", ["audiosocket", "chan_websocket", "freeswitch", "siprec"])
async def test_every_call_is_taken_and_looked_at(way: Way) -> None:
    done: list[float] = []
    settings = SoakSettings(
        way, calls=6, at_once=6, shortest_s=0.5, longest_s=0.6, broken_every=3, rest_s=0.0
    )
    figures = await bench_soak(settings, done.append)
    assert figures.reasons == {}
    assert figures.failed == 0
    assert figures.broken == 2
    assert done[-1] == 6
    assert figures.log_lines_per_call > 0
    assert figures.entries_grown["Desk._ended"][1] > figures.entries_grown["Desk._ended"][0]


async def test_the_inventory_finds_what_was_kept() -> None:
    before = take_inventory()
    kept = [SheddingQueue(1000) for _ in range(5)]
    for queue in kept:
        for number in range(100):
            queue.put("t", str(number).encode())
    waiting = asyncio.create_task(asyncio.Event().wait())
    after = take_inventory()
    was, now = grown(before.entries, after.entries)["SheddingQueue._items"]
    assert now == was + 500
    assert after.objects["kikimori.bus.shedding.SheddingQueue"] >= 5
    assert after.tasks == before.tasks + 1
    waiting.cancel()
    del kept, queue
    gc.collect()
    assert "SheddingQueue._items" not in grown(before.entries, take_inventory().entries)
