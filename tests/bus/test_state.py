"""Calls, health, levels and transcripts: the latest wins, nothing waits for the broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.bus.conftest import until
from tests.support import sample
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening, retained

from kikimori.bus.bus import LEVELS_LIMIT, TRANSCRIPT_LIMIT
from kikimori.bus.call_board import ENDED_LIMIT
from kikimori_core.wire.messages import CallStatus, Health

if TYPE_CHECKING:
    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker
    from tests.support.listener import Listener
    from tests.support.mosquitto import Mosquitto

CALL = sample.TOPICS.call_state("call-1")
HEALTH = sample.TOPICS.health


def said_last(listener: Listener, *, online: bool) -> bool:
    """Return whether this was in the agent's health that came last."""
    healths = listener.on(HEALTH)
    return bool(healths) and Health.from_bytes(healths[-1]).online is online


async def test_a_call_is_retained_while_it_lives(broker: AnyBroker, office: Office) -> None:
    async with office.bus(broker.settings) as bus, listening(broker.settings, CALL) as listener:
        bus.publish_call(sample.call())
        await listener.until_on(CALL, 1)
        assert (await retained(broker.settings))[CALL] == sample.call().to_bytes()
        bus.publish_call(sample.ended())
        assert await listener.until_on(CALL, 3) == [sample.call().to_bytes(), sample.ended().to_bytes(), b""]
        assert CALL not in await retained(broker.settings)


async def test_after_an_outage_the_latest_state_is_told(broker: AnyBroker, office: Office) -> None:
    async with office.bus(broker.settings) as bus:
        bus.publish_call(sample.call("call-1"))
        bus.publish_call(sample.call("call-2"))
        await until(lambda: bus.counters()["outbox_pending"] == 0)
        await broker.stop()
        await until(lambda: not bus.connected)
        bus.publish_call(sample.ended("call-1"))
        held = sample.call("call-2", status=CallStatus.ON_HOLD)
        bus.publish_call(held)
        await broker.start()
        async with listening(broker.settings, "kikimori/#") as listener:
            second = sample.TOPICS.call_state("call-2")
            await listener.until(lambda: held.to_bytes() in listener.on(second))
        # The other call's end may be told after it.
        await until(lambda: bus.connected and bus._calls.untold == 0)
        assert CALL not in await retained(broker.settings)


async def test_health_is_told_when_it_changes(broker: AnyBroker, office: Office) -> None:
    async with listening(broker.settings, HEALTH) as listener, office.bus(broker.settings) as bus:
        await listener.until_on(HEALTH, 1)
        bus.set_health(sample.health(calls=7))
        await listener.until(lambda: any(Health.from_bytes(each).calls == 7 for each in listener.on(HEALTH)))


async def test_an_orderly_end_says_offline(broker: AnyBroker, office: Office) -> None:
    async with listening(broker.settings, HEALTH) as listener:
        async with office.bus(broker.settings):
            await listener.until_on(HEALTH, 1)
        await listener.until(lambda: said_last(listener, online=False))
        online = [Health.from_bytes(each).online for each in listener.on(HEALTH)]
        assert online == [True] * (len(online) - 1) + [False]
    assert not Health.from_bytes((await retained(broker.settings))[HEALTH]).online


async def test_cancelling_the_bus_says_offline_too(broker: AnyBroker, office: Office) -> None:
    async with listening(broker.settings, HEALTH) as listener:
        async with office.bus(broker.settings) as bus:
            (running,) = [task for task in asyncio.all_tasks() if "Bus.run" in repr(task)]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await listener.until(lambda: said_last(listener, online=False))
            assert not bus.connected
        assert not Health.from_bytes(listener.on(HEALTH)[-1]).online


async def test_levels_and_transcripts_are_shown_and_not_retained(broker: AnyBroker, office: Office) -> None:
    levels, lines = sample.TOPICS.levels, sample.TOPICS.transcript("call-1")
    async with office.bus(broker.settings) as bus, listening(broker.settings) as listener:
        bus.publish_levels(sample.levels())
        bus.publish_transcript(sample.line())
        assert await listener.until_on(levels, 1) == [sample.levels().to_bytes()]
        assert await listener.until_on(lines, 1) == [sample.line().to_bytes()]
        assert not {levels, lines} & set(await retained(broker.settings))


async def test_what_cannot_be_sent_is_dropped_oldest_first_and_counted(
    broker: AnyBroker, office: Office
) -> None:
    topic = sample.TOPICS.transcript("call-1")
    await broker.stop()
    async with office.bus(broker.settings, connected=False) as bus:
        for _ in range(LEVELS_LIMIT + 5):
            bus.publish_levels(sample.levels())
        for number in range(TRANSCRIPT_LIMIT + 7):
            bus.publish_transcript(sample.line(line_id=f"line-{number}"))
        assert bus.counters()["levels_dropped"] == 5
        assert bus.counters()["transcript_dropped"] == 7
        await broker.start()
        async with listening(broker.settings, topic) as listener:
            await until(lambda: bus.connected)
            last = sample.line(line_id=f"line-{TRANSCRIPT_LIMIT + 6}").to_bytes()
            bus.publish_transcript(sample.line(line_id="after"))
            await listener.until(lambda: sample.line(line_id="after").to_bytes() in listener.on(topic))
            heard = listener.on(topic)
            # The subscriber may have come after the first ones; what it heard is in order and ends with the last.
            assert heard[-2:-1] in ([last], [])


async def test_ended_calls_of_a_long_outage_are_bounded(broker: AnyBroker, office: Office) -> None:
    await broker.stop()
    async with office.bus(broker.settings, connected=False) as bus:
        for number in range(ENDED_LIMIT + 3):
            bus.publish_call(sample.call(f"call-{number}"))
            bus.publish_call(sample.ended(f"call-{number}"))
        assert bus.counters()["call_states_dropped"] == 3
        await broker.start()
        await until(lambda: bus.connected)
        await until(lambda: bus._calls.untold == 0)
        assert set(await retained(broker.settings)) == {HEALTH, sample.TOPICS.inventory(1)}


async def test_a_frozen_broker_delays_nobody(real: Mosquitto, office: Office) -> None:
    """Thousands of publications into a broker that reads nothing: no caller waits, the rest is shed and counted."""
    async with office.bus(real.settings) as bus:
        real.freeze()
        text = "あ" * 2000
        for number in range(4 * TRANSCRIPT_LIMIT):
            bus.publish_transcript(sample.line(line_id=f"line-{number}", text=text))
            bus.publish_call(sample.call(queue=str(number)))
            if number % 100 == 0:
                await bus.raise_alert(sample.alert(revision=number + 1))
        assert bus.counters()["transcript_dropped"] > 0
        # Of one alert only the last revision waits.
        assert bus.counters()["outbox_pending"] == 1
        real.thaw()
        await until(lambda: bus.counters()["outbox_pending"] == 0)
        topic = sample.TOPICS.call_state("call-1")
        expected = sample.call(queue=str(4 * TRANSCRIPT_LIMIT - 1)).to_bytes()
        async with listening(real.settings, topic) as listener:
            await listener.until(lambda: expected in listener.on(topic))


async def test_a_bus_on_a_dead_broker_ends_soon(real: Mosquitto, office: Office) -> None:
    async with asyncio.timeout(WITHIN_S):
        async with office.bus(real.settings) as bus:
            await real.kill()
            await bus.raise_alert(sample.alert())
        async with office.bus(real.settings, connected=False) as again:
            assert again.counters()["outbox_pending"] >= 1
