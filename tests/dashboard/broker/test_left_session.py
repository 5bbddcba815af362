"""A dashboard whose name at the broker changed: what was queued under the old one is read once, and nothing more is queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import sample
from tests.support.signing import AGENT

from kikimori_core.wire.connection import connect
from kikimori_core.wire.envelope import sealed
from kikimori_dashboard import DashboardSettings
from kikimori_dashboard.broker.left_session import read_left_session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto


async def test_the_queue_under_the_old_name_is_read_once(tmp_path: Path, real: Mosquitto) -> None:
    """The version before had made the name from host and port; this broker does not replace it by the user's."""
    settings = DashboardSettings(
        site=sample.SITE, mqtt=real.settings.with_login("wall", "wall"), state_dir=tmp_path / "state"
    )
    old = DashboardSettings(site=sample.SITE).mqtt_client_id()
    assert (settings.mqtt_client_id(), settings.former_client_id()) == ("wall", old)
    topic = sample.TOPICS.alert("call-1.shouting.1")
    async with connect(real.settings, old, keep_session=True) as client:
        await client.subscribe("kikimori/v2/main/agents/+/alerts/+", qos=1)
    payload = sealed(sample.alert().to_bytes(), AGENT)
    taken: list[tuple[str, bytes]] = []
    async with connect(real.settings, "agent") as client:
        await client.publish(topic, payload, qos=1)
        await read_left_session(settings, lambda *message: taken.append(message))
        assert taken == [(topic, payload)]
        assert settings.former_client_id() is None
        # Left for good: nothing is queued there any more.
        await client.publish(topic, payload, qos=1)
    (tmp_path / "state" / "former-session-read").unlink()
    await read_left_session(settings, lambda *message: taken.append(message))
    assert len(taken) == 1


async def test_a_broker_that_is_away_is_asked_at_the_next_start(tmp_path: Path, real: Mosquitto) -> None:
    settings = DashboardSettings(mqtt=real.settings.with_login("wall", "wall"), state_dir=tmp_path / "state")
    await real.stop()
    await read_left_session(settings, lambda *_: None)
    assert settings.former_client_id() is not None
    await real.start()


def test_a_name_that_is_set_stays() -> None:
    settings = DashboardSettings(client_id="front")
    assert (settings.mqtt_client_id(), settings.former_client_id()) == ("front", None)
    assert DashboardSettings().former_client_id() is None
