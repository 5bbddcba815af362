"""Listening to running calls: who may, whose stream, and what of it is shown and kept in the audit."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientConnectionError, WSCloseCode, web

from kikimori_core.journal.signing import check_head
from kikimori_core.wire.sound_frames import MOST_FRAME, SoundRequest
from kikimori_dashboard.access.open_session import SESSION
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.actions.commands import RefusedError
from kikimori_dashboard.listening.listener import BrowserListener
from kikimori_dashboard.listening.shared_stream import SharedStream
from kikimori_dashboard.live.page_socket import PageSocket
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.key_store import TrustStore
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.actions.commands import CommandSender, Publisher
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

MOST_LISTENERS = 50
MOST_PAST_S = 60
MOST_FROM_BROWSER = 1024
"""Largest message from a browser in bytes; it has nothing to say."""
HEARTBEAT_S = 5.0
"""Interval in s of the pings to browsers and agents."""
PLAYS_S = 30.0
"""Seconds beyond the length of past sound after which a browser that wants nothing else is let go."""


class LiveListening:
    """All that is listened to at this dashboard. `url` is set when its port is open."""

    def __init__(
        self,
        state: SiteState,
        sights: Sights,
        commands: CommandSender,
        publisher: Publisher,
        trust: TrustStore,
        trail: AuditTrail,
        changed: Callable[[], None],
    ) -> None:
        """`trust`: keys of the agents; `changed` is called when others listen than before."""
        self.url = ""
        """Address of the pages, for agents."""
        self._state = state
        self._sights = sights
        self._commands = commands
        self._publisher = publisher
        self._trust = trust
        self._trail = trail
        self._changed = changed
        self._streams: dict[str, SharedStream] = {}
        """The stream that a new listener joins, by call."""
        self._by_ticket: dict[str, SharedStream] = {}
        self._numbers = count(1)
        self._listening = 0
        self._closing: set[asyncio.Task[None]] = set()
        self.sockets: set[web.WebSocketResponse] = set()

    # --- browsers

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Send the sound of a running call by WebSocket; `past`: seconds of past sound, `live=0`: nothing else."""
        who, call_id = request[WHO], request.match_info["call_id"]
        past_s, live = _past_of(request), request.query.get("live") != "0"
        if not self._allowed(who, call_id):
            self._note(who, call_id, "refused", reason="not_allowed")
            raise web.HTTPForbidden(text="your roles do not allow this call\n")
        if self._listening >= MOST_LISTENERS:
            raise web.HTTPServiceUnavailable(text="too many listen\n")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MOST_FROM_BROWSER, compress=False)
        self._listening += 1
        try:
            await socket.prepare(request)
            self.sockets.add(socket)
            page = PageSocket(socket, request.transport)
            listener = BrowserListener(page, who, next(self._numbers), live=live)
            listener.on_begun = lambda: self._begun(listener, call_id, past_s)
            with request[SESSION].watched(listener.page.end):
                await self._serve(listener, call_id, past_s, live=live)
        finally:
            self._listening -= 1
            self.sockets.discard(socket)
        return socket

    async def _serve(self, listener: BrowserListener, call_id: str, past_s: float, *, live: bool) -> None:
        tasks = [
            asyncio.create_task(listener.serve(), name="listener"),
            asyncio.create_task(self._ask(listener, call_id, past_s), name="listen"),
        ]
        if not live:
            over = self._let_go(listener, past_s + PLAYS_S)
            tasks.append(asyncio.create_task(over, name="past over"))
        try:
            # Reading also notices that the browser leaves.
            async for _ in listener.page.socket:
                await listener.page.socket.close(code=WSCloseCode.POLICY_VIOLATION)
        except (ClientConnectionError, ConnectionError):
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, listener.page.stop(), return_exceptions=True)
            self._leave(listener, call_id)

    @staticmethod
    async def _let_go(listener: BrowserListener, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await listener.end("past_over")

    async def _ask(self, listener: BrowserListener, call_id: str, past_s: float) -> None:
        """Have the call's agent send its sound; tell the browser why where it does not."""
        try:
            entry = self._state.calls.get(call_id)
            if entry is None:
                raise RefusedError(404, "no_such_call")  # noqa: TRY301 - told like the others
            stream = self._join(listener, call_id, entry.state.agent_id)
            wish = SoundRequest(url=self.url, ticket=stream.ticket, listener=listener.number, past_s=past_s)
            result = await self._commands.listen(self._publisher, call_id, wish, listener.who)
            if result.outcome.carried_out:
                return
            outcome, reason = str(result.outcome), result.reason or "failed"
        except RefusedError as error:
            outcome, reason = "refused", error.reason
        self._note(listener.who, call_id, outcome, reason=reason)
        await listener.end(reason)

    def _join(self, listener: BrowserListener, call_id: str, agent_id: str) -> SharedStream:
        stream = self._streams.get(call_id)
        if stream is None or stream.over or stream.agent_id != agent_id:
            stream = SharedStream(
                call_id, agent_id, uuid.uuid4().hex, lambda each: self._allowed(each.who, call_id)
            )
            self._streams[call_id] = self._by_ticket[stream.ticket] = stream
        stream.listeners[listener.number] = listener
        return stream

    def _leave(self, listener: BrowserListener, call_id: str) -> None:
        if listener.begun_at is not None:
            seconds, lost = round(listener.seconds, 1), listener.pieces_lost
            self._note(listener.who, call_id, "done", "sound.end", seconds=seconds, lost=lost)
        for stream in list(self._by_ticket.values()):
            if stream.listeners.pop(listener.number, None) is not None and not stream.listeners:
                self._forget(stream)
        self._show(call_id)

    def _forget(self, stream: SharedStream) -> None:
        self._by_ticket.pop(stream.ticket, None)
        if self._streams.get(stream.call_id) is stream:
            del self._streams[stream.call_id]
        closing = asyncio.create_task(stream.close(), name="sound close")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    # --- agents

    async def take_stream(self, request: web.Request) -> web.WebSocketResponse:
        """Take the stream of an agent that was asked for it: once for each ticket, signed with the agent's key."""
        agent_id, ticket = request.match_info["agent_id"], request.match_info["ticket"]
        stream = self._by_ticket.get(ticket)
        if stream is None or stream.taken or stream.over or stream.agent_id != agent_id:
            raise web.HTTPNotFound(text="nobody asked for this stream\n")
        refusal = check_head(request.headers, "GET", request.path, agent_id, self._trust, datetime.now(UTC))
        if refusal is not None:
            log.warning("sound_stream_refused", agent_id=agent_id, reason=str(refusal))
            raise web.HTTPForbidden(text=f"{refusal}\n")
        stream.taken = True
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MOST_FRAME, compress=False)
        await socket.prepare(request)
        self.sockets.add(socket)
        try:
            await stream.follow(socket)
        finally:
            self.sockets.discard(socket)
        return socket

    async def close(self) -> None:
        """Close all connections: the dashboard stops."""
        for socket in tuple(self.sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    # --- both

    def _allowed(self, who: Principal, call_id: str) -> bool:
        return may(who, Right.LISTEN_LIVE, self._sights.target_of_call(call_id))

    def _begun(self, listener: BrowserListener, call_id: str, past_s: float) -> None:
        self._note(listener.who, call_id, "done", past_s=round(past_s))
        self._show(call_id)

    def _note(
        self, who: Principal, call_id: str, outcome: str, action: str = "sound.listen", **details: object
    ) -> None:
        extension = self._sights.target_of_call(call_id).extension
        self._trail.note(
            who, action, outcome=outcome, about=("call", call_id), extension=extension, **details
        )

    def _show(self, call_id: str) -> None:
        """Show on the pages who listens to a call."""
        entry, stream = self._state.calls.get(call_id), self._streams.get(call_id)
        if entry is None:
            return
        heard = () if stream is None else stream.listeners.values()
        names = sorted({each.who.name for each in heard if each.begun_at is not None})
        if names != entry.listeners:
            entry.listeners = names
            self._state.changes.touch(PicturePart.CALLS, call_id)
            self._changed()


def _past_of(request: web.Request) -> float:
    """Return the seconds of past sound that a browser asks for; raises HTTPBadRequest."""
    given = request.query.get("past", "0")
    if not (given.isascii() and given.isdigit() and len(given) <= 2 and int(given) <= MOST_PAST_S):
        raise web.HTTPBadRequest(text=f"past: 0 to {MOST_PAST_S}\n")
    return float(given)
