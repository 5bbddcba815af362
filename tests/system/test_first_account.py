"""From the installation of the commit before to the first account: the program as a service, and its commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.program import dashboard_process, kikimori
from tests.support.sign_in import PASSWORD

from kikimori_core.wire.key_store import Identity

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_installation_from_before_there_was_a_login(tmp_path: Path) -> None:
    """State folder and configuration are as they were. The log names the command, and holds no secret."""
    port = free_port()
    Identity.at(tmp_path / "state", "dashboard")
    (tmp_path / "state" / "former-session-read").write_text("read\n", encoding="utf-8")
    config = tmp_path / "kikimori.toml"
    config.write_text(
        f'site = "main"\n[mqtt]\nport = {free_port()}\n'
        f'[dashboard]\nport = {port}\nclient_id = "front"\nclosed_minutes = 10\nstate_dir = "state"\n',
        encoding="utf-8",
    )
    async with dashboard_process(config, "--log-format", "json", within_s=WITHIN_S) as serving:
        told = serving.told
        events = {each["event"]: each for each in map(json.loads, [each for each in told if each[0] == "{"])}
        assert events["no_administrator"]["level"] == "warning"
        assert events["no_administrator"]["next"] == "kikimori user first"

        replaced = await kikimori("user", "first", "--config", config)
        first = await kikimori("user", "first", "--config", config, "--json")
        assert (replaced.code, first.code) == (0, 0), first.err
        link: str = json.loads(first.out)["link"]
        url = f"http://127.0.0.1:{port}"
        assert link.startswith(f"{url}/first#first.")
        old, new = (each.strip().rpartition(".")[2] for each in (replaced.out, link))
        assert await make_account(url, old) == (401, "link_over")
        assert await make_account(url, new) == (200, None)
        assert await make_account(url, new) == (401, "link_over")
        again = await kikimori("user", "first", "--config", config)
        assert again.code == 1
        assert "administrator already" in again.err
    assert not any(secret in line for line in told for secret in (old, new, "first#"))
    assert "Traceback" not in "".join(told)


async def make_account(url: str, token: str) -> tuple[int, Any]:
    body = {"token": token, "name": "山田", "login": "yamada", "password": PASSWORD}
    async with (
        aiohttp.ClientSession(url, headers={"Origin": url}) as http,
        http.post("/api/first", json=body) as answer,
    ):
        return answer.status, (await answer.json()).get("reason")
