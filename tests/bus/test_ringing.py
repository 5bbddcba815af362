"""The list of what rings, retained on a real broker: the latest wins, cleared when nothing rings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from paho.mqtt.client import topic_matches_sub
from tests.bus.conftest import until
from tests.support import sample
from tests.support.listener import listening, retained

from kikimori_core.wire.connection import connect
from kikimori_core.wire.ringing_calls import RingingCall, RingingCalls
from kikimori_core.wire.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker
    from tests.support.listener import Listener

TOPIC = sample.TOPICS.ringing


class Rings:
    """Calls that ring, as a desk lists them."""

    def __init__(self, *call_ids: str) -> None:
        self.call_ids = call_ids
        self.changed: Callable[[], None] = lambda: None

    def listed(self) -> RingingCalls:
        calls = [
            RingingCall(
                call_id=each, tap="asterisk", since=sample.NOON, caller=sample.CALLER, phones=("201",)
            )
            for each in self.call_ids
        ]
        return RingingCalls(agent_id=sample.AGENT, calls=tuple(calls))


def last(listener: Listener) -> list[str]:
    heard = listener.on(TOPIC)
    if not heard:
        return ["nothing yet"]
    return [each.call_id for each in RingingCalls.from_bytes(heard[-1]).calls] if heard[-1] else []


async def test_the_list_is_retained_while_something_rings(broker: AnyBroker, office: Office) -> None:
    rings = Rings()
    async with (
        office.bus(broker.settings, ringing=rings),
        listening(broker.settings, TOPIC) as listener,
    ):
        rings.call_ids = ("call-1", "call-2")
        rings.changed()
        await listener.until(lambda: last(listener) == ["call-1", "call-2"])
        rings.call_ids = ("call-2",)
        rings.changed()
        await listener.until(lambda: last(listener) == ["call-2"])
        assert TOPIC in await retained(broker.settings)
        rings.call_ids = ()
        rings.changed()
        await listener.until(lambda: last(listener) == [])
        assert TOPIC not in await retained(broker.settings)


async def test_it_is_told_again_after_an_outage_and_cleared_at_the_end(
    broker: AnyBroker, office: Office
) -> None:
    rings = Rings("call-1")
    async with office.bus(broker.settings, ringing=rings) as bus:
        async with listening(broker.settings, TOPIC) as listener:
            await listener.until(lambda: last(listener) == ["call-1"])
        await broker.stop()
        await until(lambda: not bus.connected)
        rings.call_ids = ("call-2",)
        rings.changed()
        await broker.start()
        async with listening(broker.settings, TOPIC) as listener:
            await listener.until(lambda: last(listener) == ["call-2"])
        rings.call_ids = ()
        rings.changed()
    assert TOPIC not in await retained(broker.settings)


async def test_what_a_run_that_was_killed_left_is_cleared_by_the_next(
    broker: AnyBroker, office: Office
) -> None:
    left = Rings("call-1").listed()
    async with listening(broker.settings, TOPIC) as listener:
        async with connect(broker.settings, "agent-before") as client:
            await client.publish(TOPIC, left.to_bytes(), qos=1, retain=True)
        await listener.until(lambda: last(listener) == ["call-1"])
        async with office.bus(broker.settings, ringing=Rings()):
            await listener.until(lambda: last(listener) == [])
    assert TOPIC not in await retained(broker.settings)


async def test_a_burst_is_published_as_the_latest_list(broker: AnyBroker, office: Office) -> None:
    rings = Rings()
    async with (
        office.bus(broker.settings, ringing=rings),
        listening(broker.settings, TOPIC) as listener,
    ):
        for number in range(500):
            rings.call_ids = (f"call-{number}",)
            rings.changed()
        await listener.until(lambda: last(listener) == ["call-499"])
        assert len(listener.on(TOPIC)) < 10


FILTERS_OF_THE_RELEASE_BEFORE = (
    "kikimori/v2/main/agents/+/health",
    "kikimori/v2/main/agents/+/calls/+/state",
    "kikimori/v2/main/agents/+/calls/+/transcript",
    "kikimori/v2/main/agents/+/alerts/+",
    "kikimori/v2/main/agents/+/inventory/+",
    "kikimori/v2/main/agents/+/levels",
)


def test_a_dashboard_of_the_release_before_does_not_get_it() -> None:
    assert not any(topic_matches_sub(each, TOPIC) for each in FILTERS_OF_THE_RELEASE_BEFORE)
    assert any(topic_matches_sub(each, TOPIC) for each, _ in Topics("main").dashboard_filters())


def test_the_message_keeps_what_it_says() -> None:
    call = RingingCall(
        call_id="c",
        tap="asterisk",
        since=sample.NOON + timedelta(seconds=1),
        phones=("201", "202"),
        phones_more=3,
    )
    whole = RingingCalls(agent_id="agent-1", run="r", calls=(call,), more=4)
    assert RingingCalls.from_bytes(whole.to_bytes()) == whole
