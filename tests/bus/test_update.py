"""The first start after an update: the outbox file and the retained messages are as the version before left them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bus.conftest import until
from tests.support import sample
from tests.support.former_peer import FormerAgentTopics
from tests.support.listener import listening, retained

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Alert, AlertState, ClosedBecause

if TYPE_CHECKING:
    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker

WRITTEN_BEFORE = Path(__file__).parent / "data" / "outbox-schema-1.sqlite3.gz"
"""Written by the commit "docs: begin a changelog": call-1 and call-2 live; an alert of each open, one of them unsent with
two revisions; one of call-2 opened and closed, unsent."""

BEFORE = FormerAgentTopics(sample.SITE, sample.AGENT)
OTHERS = FormerAgentTopics(sample.SITE, "agent-2")


def left_behind() -> dict[str, bytes]:
    """Return the retained messages of that run and of another agent."""
    own = {
        BEFORE.health: sample.health(online=False),
        BEFORE.call_state("call-1"): sample.call("call-1"),
        BEFORE.call_state("call-2"): sample.call("call-2"),
        BEFORE.alert("call-2.shouting.1"): sample.alert("call-2.shouting.1", call_id="call-2"),
        # A broker with an old save has it again; the file does not know it any more.
        BEFORE.call_state("call-0"): sample.call("call-0"),
    }
    others = {
        OTHERS.health: sample.health().model_copy(update={"agent_id": "agent-2"}),
        OTHERS.call_state("call-9"): sample.call("call-9").model_copy(update={"agent_id": "agent-2"}),
    }
    return {topic: message.to_bytes() for topic, message in (own | others).items()}


async def test_everything_arrives_in_the_present_tree_and_nothing_is_left_in_the_former(
    broker: AnyBroker, office: Office
) -> None:
    office.path.parent.mkdir(parents=True)
    office.path.write_bytes(gzip.decompress(WRITTEN_BEFORE.read_bytes()))
    async with connect(broker.settings, "before") as client:
        for topic, payload in left_behind().items():
            await client.publish(topic, payload, qos=1, retain=True)
    async with (
        listening(broker.settings, "kikimori/v2/#") as listener,
        office.bus(broker.settings) as bus,
    ):
        alerts = {
            each: sample.TOPICS.alert(each)
            for each in ("call-1.shouting.1", "call-2.silence.1", "call-2.shouting.1")
        }
        await listener.until(lambda: all(b"" in listener.on(each) for each in alerts.values()))
        last = {
            each: Alert.from_bytes([p for p in listener.on(topic) if p][-1]) for each, topic in alerts.items()
        }
        assert {each.state for each in last.values()} == {AlertState.CLOSED}
        assert last["call-1.shouting.1"].revision == 3
        assert last["call-1.shouting.1"].closed_because is ClosedBecause.AGENT_RESTARTED
        assert last["call-2.silence.1"].closed_because is ClosedBecause.CALMED
        await until(lambda: bus.counters()["retained_swept"] > 0 and bus.counters()["outbox_pending"] == 0)
        left = await retained(broker.settings)
        assert set(left) == {
            sample.TOPICS.health,
            sample.TOPICS.inventory(1),
            OTHERS.health,
            OTHERS.call_state("call-9"),
        }
