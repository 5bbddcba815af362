"""`kikimori up` on the configuration of the version before: the directory reaches the agent, and comes back with its calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S
from tests.support.live_client import live_client
from tests.support.ports import free_port
from tests.support.program import KIKIMORI
from tests.support.sign_in import client, people_in_folder
from tests.support.telephone import on_the_line

from kikimori.addresses import Addresses

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_agent_names_who_the_pbx_does_not(tmp_path: Path) -> None:
    mqtt, audio, announce, pages = (free_port() for _ in range(4))
    config = tmp_path / "kikimori.toml"
    config.write_text(
        f"""
state_dir = "state"
[mqtt]
port = {mqtt}
[audiosocket]
port = {audio}
announce_port = {announce}
[pbx]
superior = "200"
superior_name = "課長 木村"
[dashboard]
port = {pages}
state_dir = "people"
""",
        encoding="utf-8",
    )
    await people_in_folder(tmp_path / "people")
    process = await asyncio.create_subprocess_exec(
        *(*KIKIMORI, "up", "--config", str(config)), stderr=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            while not (await process.stderr.readline()).startswith(b"operator"):
                pass
        url = f"http://127.0.0.1:{pages}"
        addresses = Addresses({"audiosocket": ("127.0.0.1", audio), "announce": ("127.0.0.1", announce)})
        async with (
            live_client(url) as watching,
            on_the_line(addresses, call="c1", extension="201", name="") as telephone,
        ):
            await telephone.speak(bytes(8000))
            picture = await watching.until(
                lambda picture: picture["calls"].get("c1", {}).get("operator", {}).get("name")
            )
            assert picture["calls"]["c1"]["operator"] == {
                "number": "201", "name": "鈴木 大輔", "withheld": None, "named_by": "directory",
            }  # fmt: skip
            assert [each["name"] for each in picture["site"]["superiors"]] == ["課長 木村"]
            body = {"name": "部長 高橋", "number": "220"}
            async with client(url, "admin") as http:
                async with http.post("/api/superiors", json=body) as answer:
                    superiors = (await answer.json())["superiors"]
                order = {"ids": [each["id"] for each in reversed(superiors)]}
                async with http.post("/api/superiors/order", json=order) as answer:
                    assert answer.status == 200
            # While the call goes on: the agent's own default has changed with the directory.
            await watching.until(lambda picture: picture["calls"]["c1"]["superior"]["number"] == "220")
        kept = next((tmp_path / "state").glob("directory-*.json"))
        assert "鈴木 大輔" in kept.read_text(encoding="utf-8")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
