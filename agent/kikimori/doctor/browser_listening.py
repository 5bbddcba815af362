"""Check of `[listening]`: may running calls be heard in the browser, and can this agent reach the pages?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori.errors import network_reason
from kikimori_core.messages import both
from kikimori_core.wire.settings import trusting
from kikimori_core.wire.sound_frames import STREAM_PATH

if TYPE_CHECKING:
    from kikimori.config import AgentConfig

NAME = "listening in the browser"
TICKET = "doctor"
"""Ticket for which nobody asked: the pages refuse it, which shows that they take streams."""


async def look_at_browser_listening(config: AgentConfig) -> Diagnosis:
    """Say what is offered; where `[listening]` names the pages' address, ask there for a stream that nobody wants."""
    table = config.listening
    if not table.enabled:
        return _found(CheckState.OK, "listening_off")
    if table.url is None:
        return _found(CheckState.OK, "listening_on", streams=table.streams, past_s=table.past_s)
    path = STREAM_PATH.format(agent_id=config.agent_id, ticket=TICKET)
    try:
        context = await asyncio.to_thread(trusting, config.pages_authority())
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=WITHIN_S), connector=aiohttp.TCPConnector(ssl=context)
            ) as http,
            http.get(f"{table.url}{path}", allow_redirects=False) as answer,
        ):
            status, content_type = answer.status, answer.content_type
    except TimeoutError:
        return _found(
            CheckState.FAULT, "listening_silent", url=table.url, reason="it does not answer in time"
        )
    except (aiohttp.ClientError, OSError) as error:
        return _found(CheckState.FAULT, "listening_silent", url=table.url, reason=network_reason(error))
    if status != 404 or content_type != "text/plain":
        return _found(CheckState.FAULT, "listening_elsewhere", url=table.url, status=status)
    given = {"streams": table.streams, "past_s": table.past_s}
    return _found(CheckState.OK, "listening_reached", url=table.url, **given)


def _found(state: CheckState, code: str, **given: object) -> Diagnosis:
    return Diagnosis(NAME, state, *both(code, **given))
