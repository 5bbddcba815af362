"""Routes of the handover page (引き継ぎ): what a superior who is rung has to know of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.handover.handover import handover_of, rings_since, taken_since
from kikimori_dashboard.pages.pages import html_page

if TYPE_CHECKING:
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.site.state import SiteState


class HandoverRoutes:
    """The page and its data."""

    def __init__(self, state: SiteState, sights: Sights, trail: AuditTrail) -> None:
        self._state = state
        self._sights = sights
        self._looks = AuditLooks(trail)

    def add_to(self, app: web.Application) -> None:
        add_route(app, "GET", "/handover", html_page("handover.html"), page_for(Right.COMMAND))
        add_route(app, "GET", "/api/handover", answering(self._handover), needs(Right.COMMAND))

    async def _handover(self, request: web.Request) -> web.Response:
        """Return what a superior has to know of the call `call`; without it of the one that rings for whoever asks.

        Who has picked up sees it on. `call` of the answer is null where there is none, or it is not theirs to see: of
        another team, and not led to their telephone.
        """
        who = request[WHO]
        wanted = request.query.get("call") or self._led_to(who)
        entry = None if wanted is None else self._state.calls.get(wanted)
        if entry is None:
            return web.json_response({"call": None})
        call = entry.state
        mine = rings_since(self._state, who, call.call_id) is not None
        led = mine or taken_since(self._state, who, call.call_id) is not None
        if not led and not may(who, Right.COMMAND, self._sights.target(call.operator.number)):
            return web.json_response({"call": None})
        about = ("call", call.call_id)
        self._looks.note(
            who, "handover.open", thing=call.call_id, about=about, extension=call.operator.number
        )
        shown = handover_of(self._state, entry).model_dump(mode="json")
        return web.json_response({"call": shown, "rings_for_you": mine})

    def _led_to(self, who: Principal) -> str | None:
        """Return the call that rings for a person, or which they have picked up; of several the one that began last."""
        for led_since in (rings_since, taken_since):
            found = [
                (since, call_id)
                for call_id in self._state.calls
                if (since := led_since(self._state, who, call_id)) is not None
            ]
            if found:
                return max(found)[1]
        return None
