"""The steps as they reach agents and people: signed commands, and the operator's own hold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.support.browser import dashboard, dashboard_settings
from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.sign_in import client
from tests.support.stores import audited

from kikimori_core.wire.messages import Action, Outcome, Party
from kikimori_core.wire.unanswered import UnansweredTable

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

CAN = (Action.HOLD, Action.UNHOLD, Action.HOLD_TRANSFER, Action.RING_SUPERIOR)


async def test_what_comes_of_a_call_for_help_that_nobody_answers(
    real: Mosquitto, store: Store, agent: PeerAgent
) -> None:
    steps = UnansweredTable(louder_after_s=0.2, hold_after_s=1.5, ring_after_s=0.2)
    settings = dashboard_settings(real.settings).model_copy(update={"unanswered": steps})
    async with (
        dashboard(settings, store=store) as url,
        client(url, "operator") as operator,
        client(url) as supervisor,
        live_client(url) as watching,
    ):
        await agent.call("c", operator=Party(number="201"), capabilities=CAN)
        await agent.call("d", operator=Party(number="202"), capabilities=CAN)
        await watching.until(lambda picture: connected(picture) and "d" in picture["calls"])
        path = "/api/calls/c/commands"
        hold = {"action": "hold", "page": "operator"}
        assert (await post(operator, path, hold))[0] == 403
        # Nobody presses it.
        assert (await post(supervisor, path, {"action": "ring_superior"}))[0] == 422
        await agent.alert("c", rule="escalate")
        command = await agent.command()
        assert (command.action, command.role, command.call_id) == (Action.RING_SUPERIOR, "clock", "c")
        alert_id = command.about
        assert alert_id is not None
        await agent.answer(command, Outcome.FAILED, "no_answer")
        command = await agent.command()
        assert (command.action, command.about) == (Action.RING_SUPERIOR, alert_id)
        await agent.answer(command, Outcome.REFUSED, "nobody_left")

        def mark(picture: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = picture["alerts"].get(alert_id, {}).get("unanswered", {})
            return found

        picture = await watching.until(
            lambda picture: mark(picture).get("alarm") == "nobody_left" and mark(picture)["hold"]
        )
        assert "c" not in picture["commands"]

        assert (await post(operator, "/api/calls/d/commands", hold))[0] == 403
        pressed = asyncio.create_task(post(operator, path, hold))
        command = await agent.command()
        assert (command.action, command.role) == (Action.HOLD, "operator")
        await agent.answer(command)
        assert (await pressed)[0] == 200
        # Their own hold is no answer, and they may end it; a transfer is not theirs.
        assert (await post(operator, path, {"action": "hold_transfer", "page": "operator"}))[0] == 403
        pressed = asyncio.create_task(post(operator, path, {"action": "unhold", "page": "operator"}))
        await agent.answer(await agent.command())
        assert (await pressed)[0] == 200
        # A superior who acts ends it.
        pressed = asyncio.create_task(post(supervisor, path, {"action": "hold"}))
        await agent.answer(await agent.command())
        await pressed
        await watching.until(lambda picture: not mark(picture))
        assert (await post(operator, path, hold))[0] == 403
        assert (await post(operator, path, {"action": "unhold", "page": "operator"}))[0] == 403
    entries = [(each["action"], each["outcome"]) for each in await audited(store, "command.")]
    assert entries.count(("command.hold", "done")) == 2
    assert ("command.ring_superior", "failed") in entries
