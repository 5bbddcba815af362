"""Requests with JSON, as pages send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def post(session: ClientSession, path: str, body: Any = None) -> tuple[int, Any]:
    """Send a JSON body; return status and answer."""
    async with session.post(path, json={} if body is None else body) as answer:
        return answer.status, await answer.json()


async def get(session: ClientSession, path: str) -> Any:
    """Return the answer to a question that is allowed."""
    async with session.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()
