"""Routes of the page of one recorded call: its words, its waveform, its sound."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.open_session import SESSION
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.recorded.call_view import call_view
from kikimori_dashboard.recorded.follow import follow
from kikimori_dashboard.recorded.marks_routes import MarksRoutes
from kikimori_dashboard.recorded.office_sound import OfficeSound
from kikimori_dashboard.recorded.open_calls import OpenCalls
from kikimori_dashboard.recorded.play_grants import PlayGrants
from kikimori_dashboard.recorded.target import target_of, whose
from kikimori_records.audit import log as audit_log
from kikimori_records.calls.queries import call_of, head_of, removed_of
from kikimori_records.folder import PEAKS, SOUND
from kikimori_records.sounds.sound_place import SoundState

if TYPE_CHECKING:
    from kikimori_core.wire.keys import SigningKey
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.recorded.open_calls import CallStanding
    from kikimori_records.calls.queries import RecordedCall

PAGE, API = "/history/{uid}", "/api/history/{uid}"


class PlayBody(BaseModel):
    """Body of `POST /api/history/{uid}/play`."""

    model_config = ConfigDict(extra="forbid")

    from_s: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = 0.0
    """Second of the call from which it is played."""
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """Reason for listening; needed where `[records] ask_reason` is set."""


class RecordedCallRoutes:
    """Page `/history/{uid}` and what it asks for."""

    def __init__(self, settings: DashboardSettings, access: Access, key: SigningKey) -> None:
        """`key`: this dashboard's, for a records service on another machine."""
        self._access = access
        self._ask_reason = settings.records.ask_reason
        self.sound = OfficeSound(settings.records, access.store.settings, key)
        """It has to be closed."""
        self._looks = AuditLooks(access.trail)
        self._grants = PlayGrants()
        self.open_calls = OpenCalls(access.store)
        """Its `keep` has to run."""

    def add_to(self, app: web.Application) -> None:
        words, sound = needs(Right.TRANSCRIPT), needs(Right.PLAY)
        page = html_page("recorded_call.html")
        add_route(app, "GET", PAGE, page, page_for(Right.TRANSCRIPT))
        for method, path, handler, rule, *body in (
            ("GET", "", self._call, words),
            ("GET", "/peaks", self._peaks, words),
            ("GET", "/follow", self._follow, words),
            ("POST", "/play", self._play, sound, PlayBody),
            ("GET", "/sound", self._sound, sound),
        ):
            add_route(app, method, f"{API}{path}", answering(handler), rule, *body)
        MarksRoutes(self._access, self._allowed, self._note_look).add_to(app, API)

    async def _call(self, request: web.Request) -> web.Response:
        """Return a recorded call with its words, alerts and events. That it was opened is in the audit."""
        call = await self._allowed(request, Right.TRANSCRIPT)
        if isinstance(call, web.Response):
            return call
        who, store = request[WHO], self._access.store
        whole = await call_of(store, call.uid)
        if whole is None:
            return refusal(404, "no_such_call")
        sound = await self.sound.state_of(whole.call)
        self._note_look(who, call)
        removed = await removed_of(store, call.uid)
        target = target_of(call, self._access.teams)
        more = {
            "may": {"play": may(who, Right.PLAY, target), "false_alarm": may(who, Right.FALSE_ALARM, target)},
            "ask_reason": self._ask_reason,
        }

        def made() -> str:
            # An hour's words are a megabyte of JSON.
            return json.dumps({**call_view(whole, sound, removed), **more})

        return web.json_response(text=await asyncio.to_thread(made))

    async def _peaks(self, request: web.Request) -> web.StreamResponse:
        """Return the call's waveform as `docs/record.md` describes `peaks.bin`; 404 where there is none."""
        call = await self._allowed(request, Right.TRANSCRIPT)
        if isinstance(call, web.Response):
            return call
        answer = await self.sound.open(request, call, PEAKS)
        if isinstance(answer, SoundState):
            return refusal(404, "no_sound", sound=str(answer))
        self._note_look(request[WHO], call)
        return await answer.send()

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        """Tell by WebSocket how the call stands: sound, erasure, what was removed; closes when rights change."""
        call = await self._allowed(request, Right.TRANSCRIPT)
        if isinstance(call, web.Response):
            return call
        return await follow(request, call.uid, self.open_calls)

    async def _play(self, request: web.Request) -> web.Response:
        """Note in the audit that somebody listens, from when and why; after that the sound is given to this session."""
        body = await read_body(request, PlayBody)
        call = await self._allowed(request, Right.PLAY)
        if isinstance(call, web.Response):
            return call
        who, reason = request[WHO], body.reason.strip()
        if self._ask_reason and not reason and not self._grants.has(who, call.uid):
            return refusal(422, "reason_needed")
        state = await self.sound.state_of(call)
        if state is not SoundState.KEPT:
            return refusal(404, "no_sound", sound=str(state))
        if reason or not self._grants.is_joined(who, call.uid):
            more = whose(call) | ({"why": reason} if reason else {})
            entry = self._access.trail.entry(
                who, "recording.play", about=("call", call.uid), from_s=round(body.from_s, 1), **more
            )
            # Not in the background: without it there is no sound.
            await audit_log.append(self._access.store, entry)
            self._grants.give(who, call.uid)
        return web.json_response({"playing": True})

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        """Return the call's sound, whole or in part (FLAC), after `POST …/play` of the same session."""
        call = await self._allowed(request, Right.PLAY)
        if isinstance(call, web.Response):
            return call
        if not self._grants.has(request[WHO], call.uid):
            return refusal(403, "not_playing")
        answer = await self.sound.open(request, call, SOUND)
        if isinstance(answer, SoundState):
            return refusal(404, "no_sound", sound=str(answer))

        def told(standing: CallStanding) -> None:
            if not standing.plays:
                answer.cut()

        with (
            request[SESSION].watched(lambda _end: answer.cut()),
            self.open_calls.followed(call.uid, told),
        ):
            return await answer.send()

    def _note_look(self, who: Principal, call: RecordedCall) -> None:
        """Note that somebody opened a call, once an hour and session, whichever part of it they asked for."""
        self._looks.note(who, "recording.open", thing=call.uid, about=("call", call.uid), **whose(call))

    async def _allowed(self, request: web.Request, right: Right) -> RecordedCall | web.Response:
        """Return the call of a request, or the refusal.

        For whom the calls of others do not exist, one that does not exist is the same.
        """
        call = await head_of(self._access.store, request.match_info["uid"])
        if call is None or not may(request[WHO], right, target_of(call, self._access.teams)):
            return refusal(404, "no_such_call")
        return call
