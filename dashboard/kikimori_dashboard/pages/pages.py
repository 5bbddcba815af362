"""HTML pages of the dashboard: files, with the office's language and time zone put in."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.config import DashboardSettings

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

STATIC = Path(__file__).parents[1] / "static"
SETTINGS: web.AppKey[DashboardSettings] = web.AppKey("settings", DashboardSettings)

_ROOT = '<html lang="ja">'


def html_page(name: str) -> Handler:
    """Return the handler that answers with a page; its root element says language and time zone before any script runs."""
    text = (STATIC / name).read_text(encoding="utf-8")

    async def answer(request: web.Request) -> web.Response:
        settings = request.app[SETTINGS]
        root = f'<html lang="{settings.language}" data-zone="{escape(settings.time_zone)}">'
        return web.Response(text=text.replace(_ROOT, root, 1), content_type="text/html")

    return answer
