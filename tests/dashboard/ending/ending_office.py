"""Steps of the tests of ending calls, as pages and people do them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.stores import audited

from kikimori_core.wire.messages import Action, Party, StopRequest

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

CAN = (Action.HOLD, Action.UNHOLD, Action.HOLD_TRANSFER, Action.HANG_UP)
ENDING = "/api/calls/c/ending"
TWICE = (
    StopRequest(start_s=95.0, quote="大きな声はおやめください"),
    StopRequest(start_s=150.0, quote="これ以上続くようでしたらお電話を終了させていただきます"),
)


async def heard_call(url: str, agent: PeerAgent, extension: str = "201", **fields: Any) -> None:
    """Begin a call `c` and wait until the dashboard has it."""
    fields = {"capabilities": CAN, "stop_requests": TWICE} | fields
    started = datetime.now(UTC) - timedelta(seconds=210)
    await agent.call("c", operator=Party(number=extension, name="鈴木 大輔"), started_at=started, **fields)
    async with live_client(url) as live:
        await live.until(lambda picture: connected(picture) and "c" in picture["calls"])


async def propose(session: ClientSession, reason: str = "abuse", words: str | None = None) -> str:
    """Propose to end the call and return the proposal's path."""
    more = {} if words is None else {"words": words}
    status, answer = await post(session, ENDING, {"reason": reason, **more})
    assert status == 200, answer
    return f"{ENDING}/{answer['id']}"


async def refused(session: ClientSession, path: str, body: Any = None) -> tuple[int, str]:
    """Return status and reason of a refusal."""
    status, answer = await post(session, path, body)
    return status, answer["reason"]


async def entries(store: Store, count: int) -> list[Any]:
    """Return the audit's entries about endings, once there are so many."""
    async with asyncio.timeout(60):
        while len(found := await audited(store, "ending.")) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found
