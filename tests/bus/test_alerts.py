"""An alert is never lost, arrives in order, and leaves nothing behind on the broker."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.bus.conftest import until
from tests.support import sample
from tests.support.listener import listening, retained

from kikimori_core.wire.messages import Alert, AlertState, ClosedBecause, Severity

if TYPE_CHECKING:
    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker
    from tests.support.mosquitto import Mosquitto

TOPIC = sample.TOPICS.alert("call-1.shouting.1")


def closed(revision: int = 2, because: ClosedBecause = ClosedBecause.CALMED) -> Alert:
    return sample.alert(state=AlertState.CLOSED, revision=revision, closed_because=because)


async def test_an_open_alert_is_retained_and_cleared_when_it_closes(
    broker: AnyBroker, office: Office
) -> None:
    async with office.bus(broker.settings) as bus, listening(broker.settings, TOPIC) as listener:
        await bus.raise_alert(sample.alert())
        await listener.until_on(TOPIC, 1)
        assert (await retained(broker.settings))[TOPIC] == sample.alert().to_bytes()
        await bus.raise_alert(closed())
        assert await listener.until_on(TOPIC, 3) == [sample.alert().to_bytes(), closed().to_bytes(), b""]
        assert TOPIC not in await retained(broker.settings)


async def test_raised_while_the_broker_is_stopped_it_arrives_once(real: Mosquitto, office: Office) -> None:
    """The subscriber was there before, with a session that the broker keeps."""
    async with (
        listening(real.settings, TOPIC, keep_session=True) as listener,
        office.bus(real.settings) as bus,
    ):
        await real.stop()
        await until(lambda: not bus.connected)
        await bus.raise_alert(sample.alert())
        assert bus.counters()["outbox_pending"] == 1
        assert not listener.heard
        await real.start()
        await until(lambda: bus.counters()["outbox_pending"] == 0)
        await listener.until_on(TOPIC, 1)
        await bus.raise_alert(closed())
        assert await listener.until_on(TOPIC, 3) == [sample.alert().to_bytes(), closed().to_bytes(), b""]


async def test_raised_before_there_was_a_broker(broker: AnyBroker, office: Office) -> None:
    await broker.stop()
    async with office.bus(broker.settings, connected=False) as bus:
        await bus.raise_alert(sample.alert())
        await broker.start()
        async with listening(broker.settings, TOPIC) as listener:
            await listener.until_on(TOPIC, 1)


async def test_a_broker_killed_mid_alert_still_delivers(real: Mosquitto, office: Office) -> None:
    """Frozen, the broker takes the message from the network but neither confirms nor delivers it; then it dies."""
    async with (
        office.bus(real.settings) as bus,
        listening(real.settings, "kikimori/#") as listener,
    ):
        real.freeze()
        await bus.raise_alert(sample.alert())
        assert bus.counters()["outbox_pending"] == 1
        await real.kill()
        await until(lambda: not bus.connected)
        await real.start()
        assert set(await listener.until_on(TOPIC, 1)) == {sample.alert().to_bytes()}
        await until(lambda: bus.counters()["outbox_pending"] == 0)


async def test_many_alerts_arrive_in_their_last_revision_over_an_outage(
    broker: AnyBroker, office: Office
) -> None:
    pattern = sample.TOPICS.retained_filters()[1]
    severities = (Severity.NOTICE, Severity.WARNING, Severity.CRITICAL)
    async with office.bus(broker.settings) as bus:
        await broker.stop()
        await until(lambda: not bus.connected)
        sent = []
        for number in range(60):
            for revision, severity in enumerate(severities, start=1):
                each = sample.alert(f"call-{number}.shouting.1", revision=revision, severity=severity)
                await bus.raise_alert(each)
            sent.append(each)
    # Only now, so that the subscriber is there first; the next start delivers what this one left in the outbox.
    await broker.start()
    async with listening(broker.settings, pattern) as listener, office.bus(broker.settings):
        await listener.until(lambda: sum(bool(each.payload) for each in listener.heard) >= len(sent))
        heard = [Alert.from_bytes(each.payload) for each in listener.heard if each.payload]
        # The bus of before has ended: this one closes what it left open.
        assert [(each.alert_id, each.severity) for each in heard] == [
            (each.alert_id, each.severity) for each in sent
        ]
        assert {each.closed_because for each in heard} == {ClosedBecause.AGENT_RESTARTED}


async def test_a_broker_that_forgot_is_told_the_open_alerts_again(office: Office, broker: AnyBroker) -> None:
    async with office.bus(broker.settings) as bus:
        await bus.raise_alert(sample.alert())
        await until(lambda: bus.counters()["outbox_pending"] == 0)
        await broker.stop()
        await until(lambda: not bus.connected)
        await broker.start()
        async with listening(broker.settings, TOPIC) as listener:
            await listener.until_on(TOPIC, 1)


async def test_the_next_start_closes_what_was_left_open(broker: AnyBroker, office: Office) -> None:
    async with office.bus(broker.settings) as bus:
        await bus.raise_alert(sample.alert())
        bus.publish_call(sample.call())
    # The bus ended in order, the alert and the call did not.
    later = sample.NOON + timedelta(minutes=3)
    async with (
        listening(broker.settings, "kikimori/#") as listener,
        office.bus(broker.settings, now=lambda: later),
    ):
        await listener.until(lambda: b"" in listener.on(TOPIC))
        last = Alert.from_bytes(listener.on(TOPIC)[-2])
        assert last == closed(2, ClosedBecause.AGENT_RESTARTED).model_copy(update={"updated_at": later})
        await listener.until(lambda: b"" in listener.on(sample.TOPICS.call_state("call-1")))
        left = await retained(broker.settings)
        assert set(left) == {sample.TOPICS.health, sample.TOPICS.inventory(1)}
