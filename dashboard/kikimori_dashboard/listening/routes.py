"""Routes of the sound of running calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.sound_frames import STREAM_PATH
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import OPEN, add_route, needs

if TYPE_CHECKING:
    from aiohttp import web

    from kikimori_dashboard.listening.live_listening import LiveListening


def add_listening(app: web.Application, listening: LiveListening) -> None:
    """Register the routes: of browsers by right and session, of agents by their signature."""
    add_route(app, "GET", "/api/calls/{call_id}/sound", listening.handle, needs(Right.LISTEN_LIVE))
    add_route(app, "GET", STREAM_PATH, listening.take_stream, OPEN)
