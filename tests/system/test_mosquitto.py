"""The shipped Mosquitto files: everyone can do their work, and nothing else."""

from __future__ import annotations

import asyncio
import getpass
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio
from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import live_client
from tests.support.mosquitto import PROGRAM
from tests.support.ports import free_port
from tests.support.telephone import on_the_line
from tests.system.conftest import WITHIN_S, agent_config, running, until

from kikimori.config import DEFAULTS
from kikimori_wire.connection import BrokerError, connect
from kikimori_wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

USERS = {"agent": "the agent's secret", "other": "another agent's", "dashboard": "the dashboard's"}


def _user(folder: Path, name: str) -> BrokerSettings:
    secret = folder / f"{name}.secret"
    secret.write_text(USERS[name] + "\n", encoding="utf-8")
    port = int((folder / "port").read_text())
    return BrokerSettings(port=port, username=name, password_file=secret)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Path]:
    """Mosquitto with the shipped configuration, changed only in what its comments say must be: paths, names, port."""
    async with _mosquitto(tmp_path):
        yield tmp_path


@asynccontextmanager
async def _mosquitto(folder: Path) -> AsyncIterator[None]:
    port = free_port()
    (folder / "port").write_text(str(port))
    passwords = folder / "kikimori.passwd"
    passwords.touch(mode=0o600)
    for name, secret in USERS.items():
        made = await asyncio.create_subprocess_exec("mosquitto_passwd", "-b", passwords, name, secret)
        assert await made.wait() == 0
    acl = (DEFAULTS / "mosquitto" / "kikimori.acl").read_text(encoding="utf-8")
    block = re.search(r"^user front-desk\n(?:topic .*\n)+", acl, re.MULTILINE)
    assert block is not None
    agents = "".join(block[0].replace("front-desk", name) + "\n" for name in ("agent", "other"))
    acl = acl.replace(block[0], agents).replace("kikimori/v1/main", "kikimori/v1/test")
    (folder / "kikimori.acl").write_text(acl, encoding="utf-8")
    text = (DEFAULTS / "mosquitto" / "kikimori.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/mosquitto/kikimori.", f"{folder}/kikimori.").replace(
        "/var/lib/mosquitto/", f"{folder}/"
    )
    text = text.replace("listener 1883", f"listener {port}") + f"user {getpass.getuser()}\n"
    (folder / "kikimori.conf").write_text(text, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(PROGRAM, "-c", folder / "kikimori.conf")
    try:
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    async with connect(_user(folder, "dashboard"), "probe"):
                        break
                except BrokerError:
                    assert process.returncode is None, "mosquitto ended at once"
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_agent_and_dashboard_do_their_work(office: Path) -> None:
    """A call, an alert, a press and its answer, each with its own user."""
    config = agent_config(office / "state", _user(office, "agent"))
    settings = dashboard_settings(_user(office, "dashboard"), site="test")
    async with (
        running(config) as agent,
        dashboard(settings) as url,
        live_client(url) as watching,
        on_the_line(await agent.ready, call="c1") as telephone,
    ):
        await telephone.speak(bytes(8000))
        await until(lambda: "c1" in agent.desk.calls)
        await telephone.press("*9")
        await watching.until(lambda picture: "c1" in picture["calls"] and picture["alerts"])
        await watching.until(lambda picture: picture["agents"]["agent"]["online"])
        async with (
            aiohttp.ClientSession(url, headers={"Origin": url}) as http,
            http.post("/api/calls/c1/commands", json={"action": "hold", "page": "supervisor"}) as answer,
        ):
            assert (await answer.json())["outcome"] == "instructed"


async def test_nobody_does_more(office: Path) -> None:
    """What is forbidden does not arrive: another agent's health and commands, commands from an agent, strangers."""
    async with connect(_user(office, "dashboard"), "d") as listener:
        await listener.subscribe("kikimori/v1/test/agents/+/health", qos=1)
        await listener.subscribe("kikimori/v1/test/calls/#", qos=1)
        async with (
            connect(_user(office, "other"), "o") as other,
            connect(_user(office, "agent"), "a") as agent,
        ):
            await agent.subscribe("kikimori/v1/test/agents/agent/commands", qos=1)
            await other.publish("kikimori/v1/test/agents/agent/health", b"forged", qos=1)
            await other.publish("kikimori/v1/test/agents/agent/commands", b"forged", qos=1)
            await other.publish("kikimori/v1/elsewhere/calls/c1/state", b"forged", qos=1)
            await other.publish("kikimori/v1/test/calls/c1/state", b"allowed", qos=1)
            message = await anext(aiter(listener.messages))
            assert (message.topic.value, message.payload) == ("kikimori/v1/test/calls/c1/state", b"allowed")
            await listener.publish("kikimori/v1/test/agents/agent/commands", b"allowed", qos=1)
            message = await anext(aiter(agent.messages))
            assert message.payload == b"allowed"
    for settings in (
        BrokerSettings(port=_user(office, "agent").port),
        _user(office, "agent").model_copy(update={"username": "nobody"}),
    ):
        with pytest.raises(BrokerError):
            async with connect(settings, "stranger"):
                pass
