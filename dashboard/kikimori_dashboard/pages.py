"""HTML pages of the dashboard, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

STATIC = Path(__file__).parent / "static"


def html_page(name: str) -> Handler:
    """Return the handler that answers with a page."""

    async def answer(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / name)

    return answer
