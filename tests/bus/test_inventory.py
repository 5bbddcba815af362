"""The list of what an agent has: in parts that fit, told when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import sample
from tests.support.listener import listening
from tests.support.signing import AGENT

from kikimori.bus.inventory import inventory
from kikimori_core.wire.delivery import MOST_OF_INVENTORY, Inventory
from kikimori_core.wire.envelope import sealed
from kikimori_core.wire.messages import AlertState, ClosedBecause, Health

if TYPE_CHECKING:
    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker

TOPIC = sample.TOPICS.inventory(1)


def test_parts_are_small_and_complete() -> None:
    calls = {f"{'c' * 5}{number}": number for number in range(9000)}
    alerts = {f"{'a' * 100}{number}": 1 for number in range(2000)}
    parts = inventory(sample.AGENT, "run", 9000, calls, alerts)
    assert len(parts) > 3
    assert max(len(sealed(each.to_bytes(), AGENT)) for each in parts) <= MOST_OF_INVENTORY
    assert [(each.part, each.parts) for each in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    assert len({each.digest for each in parts}) == 1
    assert {k: v for each in parts for k, v in each.calls.items()} == calls
    assert {k: v for each in parts for k, v in each.alerts.items()} == alerts


def test_another_content_has_another_digest() -> None:
    made = [
        inventory(sample.AGENT, run, seq, calls, {})[0].digest
        for run, seq, calls in (
            ("r", 1, {}), ("s", 1, {}), ("r", 2, {}), ("r", 1, {"c": 1}), ("r", 1, {"c": 2}), ("r", 1, {"d": 1}),
        )
    ]  # fmt: skip
    assert len(set(made)) == len(made)


async def test_it_follows_what_the_agent_has(broker: AnyBroker, office: Office) -> None:
    async with listening(broker.settings, "kikimori/#") as listener, office.bus(broker.settings) as bus:

        def last() -> Inventory:
            return Inventory.from_bytes([each.payload for each in listener.heard if each.topic == TOPIC][-1])

        await listener.until(lambda: bool(listener.on(TOPIC)))
        assert (last().calls, last().alerts) == ({}, {})
        bus.publish_call(sample.call())
        await bus.raise_alert(sample.alert())
        await listener.until(lambda: bool(last().calls) and bool(last().alerts))
        assert last().alerts == {"call-1.shouting.1": 1}
        assert last().calls["call-1"] <= last().seq
        await bus.raise_alert(
            sample.alert(state=AlertState.CLOSED, revision=2, closed_because=ClosedBecause.CALMED)
        )
        bus.publish_call(sample.ended())
        await listener.until(lambda: not last().calls and not last().alerts)
        # The health names the list that is in force.
        await listener.until(
            lambda: Health.from_bytes(listener.on(sample.TOPICS.health)[-1]).inventory == last().digest
        )
