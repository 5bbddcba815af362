"""Requests of a page that wait until the test lets them go, so that it decides in which order they are answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page, Route


class HeldRequests:
    """Requests in the order in which the page made them."""

    def __init__(self) -> None:
        self._come: asyncio.Queue[Route] = asyncio.Queue()
        self._open = False
        self.taken = 0
        """Number of all requests, held or not."""

    async def take(self, route: Route) -> None:
        self.taken += 1
        if self._open:
            await route.continue_()
        else:
            self._come.put_nowait(route)

    async def next(self) -> Route:
        """Wait for the next one; it goes on with `continue_()`."""
        async with asyncio.timeout(60):
            return await self._come.get()

    @property
    def none(self) -> bool:
        """Return whether no further one has come."""
        return self._come.empty()

    async def let_go(self) -> None:
        """Let the next one go on, and hold none any more."""
        waiting = await self.next()
        self._open = True
        await waiting.continue_()
        while not self.none:
            await self._come.get_nowait().continue_()


async def hold(page: Page, address: str) -> HeldRequests:
    """Hold all requests to an address (a pattern of Playwright) from now on."""
    held = HeldRequests()
    await page.route(address, held.take)
    return held
