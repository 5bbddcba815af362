"""An alert that is raised while the broker is away arrives when it is back, once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.brokers import AnyBroker
from tests.support.listener import listening, retained
from tests.support.telephone import on_the_line
from tests.system.conftest import agent_config, running, until

from kikimori_core.wire.messages import Alert, AlertState

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto


async def test_broker_stopped_mid_alert(broker: AnyBroker, tmp_path: Path) -> None:
    config = agent_config(tmp_path / "state", broker.settings)
    async with running(config) as agent, on_the_line(await agent.ready, call="c1") as telephone:
        staying = asyncio.create_task(telephone.stay())
        await until(lambda: agent.bus.connected and "c1" in agent.desk.calls)
        await broker.stop()
        await until(lambda: not agent.bus.connected)
        await telephone.press("*9")
        await until(lambda: agent.bus.counters()["outbox_pending"] > 0)
        await broker.start()
        async with listening(broker.settings, "kikimori/v2/test/agents/agent/alerts/#") as listener:
            await listener.until(lambda: bool(listener.heard))
            [payload] = listener.of_alerts()
            alert = Alert.model_validate_json(payload)
            assert (alert.rule, alert.state, alert.revision) == ("escalate", AlertState.OPEN, 1)
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)


async def test_broker_killed_mid_alert_delivers_once(real: Mosquitto, tmp_path: Path) -> None:
    """SIGKILL at the moment the alert is raised: a subscriber hears it once for each revision, in order."""
    config = agent_config(tmp_path / "state", real.settings)
    topics = "kikimori/v2/test/agents/agent/alerts/#"
    async with running(config) as agent:
        async with on_the_line(await agent.ready, call="c1") as telephone:
            staying = asyncio.create_task(telephone.stay())
            await until(lambda: agent.bus.connected and "c1" in agent.desk.calls)
            await telephone.press("*9")
            await real.kill()
            await until(lambda: not agent.bus.connected)
            await real.start()
            async with listening(real.settings, topics) as listener:
                await listener.until(lambda: bool(listener.heard))
                staying.cancel()
                await asyncio.gather(staying, return_exceptions=True)
                await telephone.press("#")  # the line is still good
            # The call's end closes the alert …
        await until(lambda: not agent.desk.calls)
        async with listening(real.settings, "kikimori/v2/test/#") as after:
            await after.until(lambda: agent.bus.counters()["outbox_pending"] == 0)
    revisions = [Alert.model_validate_json(each).revision for each in listener.of_alerts() if each]
    assert revisions == sorted(set(revisions)), "each revision once, in order"
    # … and nothing but the agent's health and its empty list stays on the broker.
    left = await retained(real.settings, "kikimori/#")
    assert [each.rpartition("/agents/agent/")[2] for each in sorted(left)] == ["health", "inventory/1"]
