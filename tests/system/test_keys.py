"""Agent and dashboard on a broker of their own: strangers until somebody exchanges their keys, once, while both run."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING, Any

from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import live_client
from tests.support.program import kikimori
from tests.support.sign_in import client
from tests.support.telephone import on_the_line
from tests.system.conftest import SITE, running, until

from kikimori.config import AgentConfig, SpeechTable
from kikimori.integrations.audiosocket.settings import AudioSocketTable
from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.keys import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori.agent import Agent


async def press(url: str, action: str = "hold", **more: str) -> dict[str, Any]:
    async with (
        client(url) as http,
        http.post("/api/calls/c1/commands", json={"action": action, **more}) as answer,
    ):
        said: dict[str, Any] = await answer.json()
        return said


def about_keys(agent: Agent) -> bool:
    """Return whether a problem is one of keys; on a busy machine there is one of the alert that no page draws here."""
    return any("dashboard_key" in each.code for each in agent.bus.problems())


async def keys(config: Path, *arguments: str) -> str:
    ended = await kikimori("keys", *arguments, "--config", config)
    assert ended.code == 0, ended.err
    return ended.out


async def test_keys_are_exchanged_while_both_run(tmp_path: Path, real: Mosquitto) -> None:
    """The commit before has no key files at all: agent and dashboard start, and say what is missing."""
    state, boards = tmp_path / "state", tmp_path / "dashboard"
    file = tmp_path / "kikimori.toml"
    file.write_text(
        f'site = "{SITE}"\nagent_id = "front"\nstate_dir = "{state}"\n[dashboard]\nstate_dir = "{boards}"\n',
        encoding="utf-8",
    )
    config = AgentConfig(
        site=SITE,
        agent_id="front",
        state_dir=state,
        mqtt=real.settings,
        audiosocket=AudioSocketTable(port=0, announce_port=0),
        speech=SpeechTable(enabled=False),
    )
    settings = dashboard_settings(real.settings, site=SITE, state_dir=boards)
    async with (
        running(config) as agent,
        dashboard(settings, identity=Identity.at(boards, "dashboard")) as url,
        live_client(url) as page,
        on_the_line(await agent.ready, call="c1") as telephone,
        asyncio.TaskGroup() as tasks,
    ):
        staying = tasks.create_task(telephone.stay())
        picture = await page.until(
            lambda each: "c1" in each["calls"] and "front" in each["site"]["signatures"]
        )
        assert picture["site"]["signatures"]["front"]["standing"] == "unknown_key"
        assert "no_dashboard_key" in {each["code"] for each in picture["agents"]["front"]["problems"]}
        assert (await press(url))["reason"] == "unknown_key"
        assert (await press(url, "escalate", page="operator"))["outcome"] == "done"

        of_board = json.loads(await keys(file, "show", "--json", "--dashboard"))["own"][0]
        of_agent = json.loads(await keys(file, "show", "--json"))["own"][0]
        told = await keys(file, "trust", of_board["key"], "--name", "front-desk")
        assert of_board["fingerprint"] in told
        await keys(file, "trust", "--dashboard", of_agent["key"], "--name", "front")
        await until(lambda: not about_keys(agent))
        await page.until(lambda each: not each["site"]["signatures"])
        assert (await press(url))["outcome"] == "instructed"

        await keys(file, "revoke", of_board["fingerprint"])
        await until(lambda: about_keys(agent))
        assert (await press(url))["reason"] == "revoked_key"
        staying.cancel()


async def test_a_dashboard_changes_its_key_without_a_gap(tmp_path: Path) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(
        f'state_dir = "{tmp_path / "state"}"\n[dashboard]\nstate_dir = "{tmp_path / "boards"}"\n',
        encoding="utf-8",
    )
    first = Identity.at(tmp_path / "boards", "dashboard").key.public
    assert (await kikimori("keys", "rotate", "--dashboard", "--finish", "--config", file)).code == 1
    await keys(file, "rotate", "--dashboard")
    own = json.loads(await keys(file, "show", "--dashboard", "--json"))["own"]
    assert [each["use"] for each in own] == ["own", "next"]
    assert Identity.at(tmp_path / "boards", "dashboard").key.public == first
    for each in own:
        await keys(file, "trust", each["key"], "--name", "dashboard")
    third = await kikimori("keys", "trust", "A" * 43, "--name", "dashboard", "--config", file)
    assert (third.code, "2 keys already" in third.err) == (1, True)
    await keys(file, "rotate", "--dashboard", "--finish")
    assert Identity.at(tmp_path / "boards", "dashboard").key.public == own[1]["key"]
    assert "revoked: dashboard" in await keys(file, "revoke", first)
    trusted = json.loads(await keys(file, "show", "--json"))["trusted"]
    assert [each["revoked_at"] is None for each in trusted] == [False, True]


async def test_a_key_that_looks_like_an_option_is_trusted(tmp_path: Path) -> None:
    """Keys made before this release may begin with "-"; new ones never do (one in 64 did)."""
    file = tmp_path / "kikimori.toml"
    file.write_text(f'state_dir = "{tmp_path / "state"}"\n', encoding="utf-8")
    made = (SigningKey(number.to_bytes(32)).public for number in itertools.count())
    dashed = next(key for key in made if key.startswith("-"))
    ended = await kikimori("keys", "trust", "--config", file, "--name", "dashboard", "--", dashed)
    assert ended.code == 0, ended.err
    trusted = json.loads(await keys(file, "show", "--json"))["trusted"]
    assert [each["key"] for each in trusted] == [dashed]
    assert not any(SigningKey.make().public.startswith("-") for _ in range(2000))
