"""Answers of a dashboard on their way to a page, each let through when the test says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import APIResponse, Page, Route


class HeldAnswers:
    """Answers to requests of one kind, as they were given; the page gets none before `let_through`."""

    def __init__(self) -> None:
        self._came: list[tuple[Route, APIResponse]] = []

    @classmethod
    async def of(cls, page: Page, address: str, method: str = "GET") -> HeldAnswers:
        """Hold answers from now on. `address`: pattern of `Page.route`."""
        held = cls()

        async def hold(route: Route) -> None:
            if route.request.method == method:
                held._came.append((route, await route.fetch()))
            else:
                await route.fallback()

        await page.route(address, hold)
        return held

    async def come(self, count: int = 1) -> None:
        """Wait until the dashboard has given so many answers that the page does not have."""
        async with asyncio.timeout(60):
            while len(self._came) < count:  # noqa: ASYNC110  (Playwright's handlers set no event)
                await asyncio.sleep(0.01)

    async def let_through(self, *, newest: bool = False) -> None:
        """Let the page have an answer, the oldest or the newest, and return when it has taken it."""
        await self.come()
        route, answer = self._came.pop(-1 if newest else 0)
        page = route.request.frame.page
        async with page.expect_event("requestfinished", lambda each: each == route.request, timeout=60_000):
            await route.fulfill(response=answer)
        await page.evaluate("() => new Promise((done) => setTimeout(done))")
