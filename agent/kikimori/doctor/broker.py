"""The MQTT broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.bus.broker_users import with_left_login
from kikimori.bus.outbox_store import is_in_use
from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori_core.messages import both, remedy
from kikimori_core.wire.broker_problem import broker_problem
from kikimori_core.wire.connection import BrokerError, connect
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from kikimori.config import AgentConfig


async def look_at_broker(config: AgentConfig) -> Diagnosis:
    mqtt = with_left_login(config.mqtt, config.state_path())
    where = f"{mqtt.host}:{mqtt.port}"
    outbox = config.state_path() / f"outbox-{config.agent_id}.sqlite3"
    if config.mqtt.username and is_in_use(outbox):
        # A broker that takes the user's name for the client's would end the agent's connection for ours.
        return await _look_at_port(mqtt.host, mqtt.port)
    try:
        async with asyncio.timeout(WITHIN_S), connect(mqtt, f"{config.agent_id}-doctor"):
            pass
    except TimeoutError:
        mute = not mqtt.has_tls and (await _look_at_port(mqtt.host, mqtt.port)).state is CheckState.OK
        code = "broker_mute" if mute else "broker_silent"
        return Diagnosis("broker", CheckState.FAULT, *both(code, where=where))
    except (BrokerError, OSError) as error:
        nobody = isinstance(getattr(error, "cause", None), ConnectionRefusedError)
        if nobody and is_loopback(mqtt.host):
            return Diagnosis("broker", CheckState.OK, *both("broker_own", where=where))
        detail, step = broker_problem(error, mqtt).texts()
        return Diagnosis(
            "broker",
            CheckState.FAULT,
            detail,
            step or remedy("broker_check_settings"),
        )
    if mqtt.username:
        return Diagnosis("broker", CheckState.OK, *both("broker_open_as", where=where, user=mqtt.username))
    return Diagnosis("broker", CheckState.OK, *both("broker_open", where=where))


async def _look_at_port(host: str, port: int) -> Diagnosis:
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(WITHIN_S):
            _, writer = await asyncio.open_connection(host, port)
    except (TimeoutError, OSError):
        return Diagnosis("broker", CheckState.FAULT, *both("broker_port_silent", where=where))
    writer.close()
    return Diagnosis("broker", CheckState.OK, *both("broker_answers", where=where))
