"""「配慮の申し出」 over a real broker: pressed, shown, recorded, kept over a restart of the agent, taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.browser import dashboard, dashboard_settings, store_of_people
from tests.support.live_client import live_client
from tests.support.sign_in import client
from tests.support.telephone import on_the_line
from tests.system.conftest import AGENT_ID, SITE, agent_config, running, until

from kikimori.config import JudgingTable
from kikimori.control.chain import entries

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

RULES = """
[[rule]]
id = "detention-length"
kind = "detention"
title = { ja = "長時間の通話", en = "Long call" }
since = "call_start"
steps = [{ after_s = 0.4, severity = "warning" }]
"""


async def press(url: str, action: str, login: str = "supervisor") -> dict[str, Any]:
    async with (
        client(url, login) as http,
        http.post("/api/calls/c1/commands", json={"action": action}) as answer,
    ):
        said: dict[str, Any] = await answer.json()
        return said


def open_rules(picture: dict[str, Any]) -> set[str]:
    return {each["rule"] for each in picture["alerts"].values() if each["state"] == "open"}


async def test_a_call_is_marked_and_stays_so_over_a_restart(tmp_path: Path, real: Mosquitto) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    state = tmp_path / "state"
    config = agent_config(state, real.settings).model_copy(update={"judging": JudgingTable(rules=(rules,))})
    book = state / f"accommodated-{AGENT_ID}.json"
    async with (
        store_of_people() as store,
        dashboard(dashboard_settings(real.settings, site=SITE), store=store) as url,
        live_client(url) as page,
    ):
        async with running(config) as agent, on_the_line(await agent.ready, call="c1") as telephone:
            await telephone.speak(bytes(16000))
            picture = await page.until(lambda each: "detention-length" in open_rules(each))
            assert {"accommodate", "accommodate_end"} <= set(picture["calls"]["c1"]["capabilities"])
            assert picture["calls"]["c1"]["accommodated"] is False
            assert (await press(url, "accommodate", "operator"))["reason"] == "not_allowed"
            assert (await press(url, "accommodate"))["outcome"] == "done"
            assert (await press(url, "accommodate"))["reason"] == "already_accommodated"
            picture = await page.until(
                lambda each: each["calls"]["c1"]["accommodated"] and each["missed"]["alerts"]
            )
            # No browser has drawn it here: else it would stand among those that are closed.
            assert [each["closed_because"] for each in picture["missed"]["alerts"]] == ["accommodated"]
            assert open_rules(picture) == set()
            agent.stop.set()  # in the midst of the call
            await page.until(lambda each: "c1" not in each["calls"])
        assert list(json.loads(book.read_text(encoding="utf-8"))["held"]) == ["c1"]

        async with running(config) as agent:
            async with on_the_line(await agent.ready, call="c1") as telephone:
                await telephone.speak(bytes(16000))
                call = agent.desk.calls["c1"]
                await until(lambda: call.heard_s > 0.6)
                picture = await page.until(lambda each: "c1" in each["calls"])
                assert picture["calls"]["c1"]["accommodated"] is True
                assert open_rules(picture) == set()
                assert (await press(url, "accommodate_end"))["outcome"] == "done"
                assert (await press(url, "accommodate_end"))["reason"] == "not_accommodated"
                await telephone.speak(bytes(8000))
                picture = await page.until(lambda each: "detention-length" in open_rules(each))
                assert picture["calls"]["c1"]["accommodated"] is False
                assert (await press(url, "accommodate"))["outcome"] == "done"
            # A call that has ended leaves nothing of it.
            await until(lambda: json.loads(book.read_text(encoding="utf-8"))["held"] == {})

        async with client(url, "admin") as http, http.get("/api/audit") as answer:
            audit = (await answer.json())["entries"]
        marked = [each for each in audit if each["action"] == "command.accommodate"]
        assert {(each["actor_name"], each["object_id"]) for each in marked} >= {("高橋 課長", "c1")}
    record = entries(state / f"commands-{AGENT_ID}.jsonl")
    assert {each["person"] for each in record if each["action"] == "accommodate"} == {"高橋 課長"}
