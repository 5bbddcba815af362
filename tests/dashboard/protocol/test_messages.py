"""Messages of a running dashboard fit their models, and the schema is that of the models."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.support.json_requests import post
from tests.support.live_client import live_client
from tests.support.office import leg
from tests.support.page_messages import OPERATOR, SUPERVISOR, faults
from tests.support.sign_in import client

from kikimori_core.wire.messages import (
    AlertState,
    CallStatus,
    ClosedBecause,
    DoubtedWords,
    OtherHearing,
    Outcome,
    Party,
    Problem,
    Role,
)
from kikimori_dashboard.protocol.schema import FILE, text

if TYPE_CHECKING:
    from tests.support.live_client import LiveClient
    from tests.support.peer_agent import PeerAgent


def test_the_schema_is_that_of_the_models() -> None:
    """After a change: `python -m kikimori_dashboard.protocol`, then `npm --prefix tests/js run types`."""
    assert FILE.read_text(encoding="utf-8") == text()


async def until_told(client: LiveClient, told: set[str], wanted: set[str]) -> None:
    """Read until every field of `wanted` was told with something in it."""
    async with asyncio.timeout(60):
        while not wanted <= told:
            message = await client.next()
            told |= {name for name, value in message.items() if value not in ([], {}, None)}


async def test_all_that_a_busy_office_tells_its_pages(url: str, agent: PeerAgent) -> None:
    """Each message is held against its model by the client that reads it."""
    await agent.health(problems=(Problem.of("pbx_unreachable"),))
    await agent.call("c", operator=Party(number="201", name="佐藤"))
    await agent.call("d", operator=Party(number="205"))
    over = await agent.alert("d", rule="silence")
    async with (
        live_client(url, look=True) as supervisor,
        live_client(url, page="operator", login="both") as own,
    ):
        await supervisor.until(lambda picture: "c" in picture["calls"] and picture["alerts"])
        await supervisor.socket.send_json({"type": "look", "cards": ["d"], "rows": [], "whole": "c"})
        await agent.say(
            "c", Role.CUSTOMER, "責任者を出せ", 3, other=OtherHearing(text="責任者は", engine="whisper"),
            doubted=(DoubtedWords(category="insult", matched="出せ"),),
        )  # fmt: skip
        await agent.levels(c=(leg(-20), leg(-30, speaking=False)), d=(leg(-20), None))
        raised = await agent.alert("c")
        told: set[str] = set()
        await until_told(supervisor, told, {"lines", "levels", "past", "alerts"})
        async with client(url) as http:
            assert (await post(http, f"/api/alerts/{raised.alert_id}/claim"))[0] == 200
            assert (await post(http, f"/api/alerts/{raised.alert_id}/false", {"reason": "other"}))[0] == 200
            assert (await post(http, "/api/calls/d/notes", {"text": "上席に相談中"}))[0] == 200
            pressing = asyncio.create_task(
                post(http, "/api/calls/c/commands", {"action": "hold", "page": "supervisor"})
            )
            await agent.answer(await agent.command(), Outcome.INSTRUCTED, detail="保留ボタンを押してください")
            assert (await pressing)[0] == 200
        await agent.call("c", status=CallStatus.ON_HOLD)
        await agent.close_alert(over)
        # One that is over when the page first hears of it: an alert that it has shown for some seconds is not missed.
        past = {"alert_id": "d.silence.2", "state": AlertState.CLOSED, "closed_because": ClosedBecause.CALMED}
        await agent.publish(agent.topics.alert("d.silence.2"), over.model_copy(update=past))
        await until_told(supervisor, told, {"commands", "missed", "calls"})
        for each in (supervisor, own):
            await each.socket.send_json({"type": "ping", "at": 1.5})
            await until_told(each, set(), {"at"})


def test_a_field_without_a_model_is_a_fault() -> None:
    beat = {"type": "beat", "seq": 1, "now": "2026-11-29T01:00:00Z"}
    assert faults(SUPERVISOR, json.dumps(beat)) == []
    assert faults(SUPERVISOR, json.dumps({**beat, "more": 1})) != []
    assert (
        faults(OPERATOR, json.dumps({"type": "delta", "from": 1, "seq": 2, "now": beat["now"], "lines": {}}))
        != []
    )
