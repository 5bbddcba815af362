"""An Asterisk that is simulated as far as its ARI: real HTTP, WebSocket and AudioSocket, made-up calls.

Paths, statuses, fields and the order of events are those of a real Asterisk 22; `test_ari_peer.py` holds them against
what that one sent (`tests/integrations/asterisk/tap/data/`). Sounds go out only as a test says them, not in time.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from aiohttp import WSMsgType, web
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

USER, PASSWORD = "kikimori", "sesame"
LOGIN = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
NOW = "2026-11-25T00:00:00.000+0000"
MODULES = (
    "chan_audiosocket.so",
    "res_audiosocket.so",
    "res_stasis_snoop.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
)
FRAME_BYTES = {"slin": 320, "slin16": 640}
KIND = {"slin": 0x10, "slin16": 0x12}


@dataclass
class Media:
    """The connection behind an external channel."""

    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader
    kind: int
    frame_bytes: int
    heard: int = 0
    """Bytes that came from the other side."""


@dataclass
class SimulatedAsterisk:
    """Use as `async with`. The port stays the same over `go_away` and `come_back`."""

    port: int = field(default_factory=free_port)
    channels: dict[str, Json] = field(default_factory=dict)
    bridges: dict[str, Json] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    """Status to answer, by the end of a path."""
    modules: list[str] = field(default_factory=lambda: list(MODULES))
    version: str = "22.10.1"
    left_apps: set[str] = field(default_factory=set)
    """Applications that nobody is connected as, and which are listed all the same, as before 20.14."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Every request: method and path."""

    def __post_init__(self) -> None:
        self._ids = count()
        self._snooped: dict[str, str] = {}
        self._apps: dict[str, web.WebSocketResponse] = {}
        self._filters: dict[str, set[str]] = {}
        self._subscribed: set[str] = set()
        self._outbox: asyncio.Queue[tuple[str | None, Json]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ari"

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go_away()

    # --- the machine

    async def come_back(self) -> None:
        """Start, with no calls."""
        app = web.Application(middlewares=[self._gate])
        for method, path, handler in (
            ("GET", "/events", self._events),
            ("GET", "/applications/{app}", self._application),
            ("POST", "/applications/{app}/subscription", self._subscribe),
            ("PUT", "/applications/{app}/eventFilter", self._filter),
            ("GET", "/asterisk/modules", self._modules),
            ("GET", "/asterisk/info", self._info),
            ("GET", "/channels", self._channels),
            ("GET", "/bridges", self._bridges),
            ("POST", "/channels/externalMedia", self._external),
            ("POST", "/channels/{id}/snoop/{snoop}", self._snoop),
            ("DELETE", "/channels/{id}", self._hang_up),
            ("POST", "/bridges/{id}", self._make_bridge),
            ("POST", "/bridges/{id}/addChannel", self._add),
            ("DELETE", "/bridges/{id}", self._destroy_bridge),
        ):
            app.router.add_route(method, f"/ari{path}", handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self._start(self._send_events())

    async def go_away(self) -> None:
        """Stop at once: calls, connections and all."""
        for media in self.media.values():
            media.writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.cut_events()
        await self._runner.cleanup()
        self.channels.clear()
        self.bridges.clear()
        self.media.clear()
        self._snooped.clear()
        self._apps.clear()

    async def cut_events(self) -> None:
        """Break the WebSockets; calls and copies go on."""
        for socket in list(self._apps.values()):
            await socket.close()

    # --- what telephones do

    def channel(
        self, name: str, number: str = "", display: str = "", *, app: str = "Dial", data: str = ""
    ) -> str:
        at = next(self._ids)
        return self._new_channel(f"1764000000.{at}", f"{name}-{at:08x}", number, display, app, data)

    def connect(self, *channels: str, creator: str = "") -> str:
        bridge = self._new_bridge(f"b-{next(self._ids)}", "", creator)
        for each in channels:
            self.enter(bridge, each)
        return bridge

    def enter(self, bridge: str, channel: str) -> None:
        self.bridges[bridge]["channels"].append(channel)
        self._tell("ChannelEnteredBridge", bridge=self.bridges[bridge], channel=self.channels[channel])

    def leave(self, channel: str) -> None:
        for bridge in self.bridges.values():
            if channel in bridge["channels"]:
                bridge["channels"].remove(channel)
                self._tell("ChannelLeftBridge", bridge=bridge, channel=self.channels[channel])

    def hang_up(self, *channels: str) -> None:
        for channel in channels:
            self.leave(channel)
        for channel in channels:
            gone = self.channels.pop(channel, None)
            if gone is None:
                continue
            self._tell("ChannelDestroyed", cause=16, cause_txt="Normal Clearing", channel=gone)
            media = self.media.pop(channel, None)
            if media is not None and not media.writer.is_closing():
                # Closing with something unread would be a reset; `_hear` closes when the other side has.
                media.writer.write_eof()
            for snoop in [own for own, spied in self._snooped.items() if spied == channel]:
                del self._snooped[snoop]
                self.hang_up(snoop)

    def hold(self, channel: str, *, on: bool) -> None:
        more = {"musicclass": "default"} if on else {}
        self._tell("ChannelHold" if on else "ChannelUnhold", channel=self.channels[channel], **more)

    def press(self, channel: str, digit: str) -> None:
        self._tell("ChannelDtmfReceived", digit=digit, duration_ms=100, channel=self.channels[channel])

    def copies(self, channel: str) -> list[Media]:
        """Return the connections that carry what this channel says."""
        snoops = {own for own, spied in self._snooped.items() if spied == channel}
        return [
            self.media[each]
            for bridge in self.bridges.values()
            if snoops & set(bridge["channels"])
            for each in bridge["channels"]
            if each in self.media
        ]

    def say(self, channel: str, pcm: bytes) -> None:
        for media in self.copies(channel):
            for at in range(0, len(pcm), media.frame_bytes):
                frame = pcm[at : at + media.frame_bytes]
                media.writer.write(bytes((media.kind, *divmod(len(frame), 256))) + frame)

    def own(self, prefix: str = "kikimori-tap-") -> list[str]:
        """Return everything on the PBX that a tap made."""
        return [each for each in (*self.channels, *self.bridges) if each.startswith(prefix)]

    # --- HTTP

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        if request.headers.get("Authorization") != LOGIN:
            return _no(401, "Authentication required")
        for end, status in self.refusals.items():
            if request.path.endswith(end):
                return _no(status, "Refused")
        try:
            answer: web.StreamResponse = await handler(request)
        except web.HTTPNotFound:
            return _no(404, "Resource not found")
        return answer

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        app = request.query["app"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if app in self._apps:
            # The old connection is told, and left open and deaf.
            await self._apps[app].send_json(
                {"type": "ApplicationReplaced", "timestamp": NOW, "application": app, "asterisk_id": "0"}
            )
        self._apps[app] = socket
        self._filters.pop(app, None)
        self._subscribed.discard(app)
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        if self._apps.get(app) is socket:
            del self._apps[app]
        return socket

    async def _application(self, request: web.Request) -> web.Response:
        app = request.match_info["app"]
        if app not in self._apps and app not in self.left_apps:
            return _no(404, "Application not found")
        return web.json_response({"name": app})

    async def _subscribe(self, request: web.Request) -> web.Response:
        app = request.match_info["app"]
        if app not in self._apps:
            return _no(404, "Application not found")
        assert request.query["eventSource"] == "channel:,bridge:"
        self._subscribed.add(app)
        return web.json_response({"name": app})

    async def _filter(self, request: web.Request) -> web.Response:
        app = request.match_info["app"]
        if app not in self._apps:
            return _no(404, "Application not found")
        allowed = (await request.json())["allowed"]
        self._filters[app] = {each["type"] for each in allowed}
        return web.json_response({"name": app, "events_allowed": allowed})

    async def _modules(self, _: web.Request) -> web.Response:
        return web.json_response([{"name": name, "status": "Running"} for name in self.modules])

    async def _info(self, _: web.Request) -> web.Response:
        return web.json_response({"system": {"version": self.version}})

    async def _channels(self, _: web.Request) -> web.Response:
        return web.json_response(list(self.channels.values()))

    async def _bridges(self, _: web.Request) -> web.Response:
        return web.json_response(list(self.bridges.values()))

    async def _snoop(self, request: web.Request) -> web.Response:
        spied, own = request.match_info["id"], request.match_info["snoop"]
        if spied not in self.channels:
            return _no(404, "Provided channel was not found")
        if own in self.channels:
            return _no(500, "Snoop channel could not be created")
        assert request.query["spy"] == "in"
        self._new_channel(own, f"Snoop/{spied}-{next(self._ids):08x}", app="Stasis")
        self._snooped[own] = spied
        self._tell("StasisStart", request.query["app"], args=[], channel=self.channels[own])
        return web.json_response(self.channels[own])

    async def _external(self, request: web.Request) -> web.Response:
        query = request.query
        assert (query["encapsulation"], query["transport"]) == ("audiosocket", "tcp")
        host, _, port = query["external_host"].rpartition(":")
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            return _no(500, "An internal error prevented this request from being handled")
        writer.write(bytes((1, 0, 16)) + UUID(query["data"]).bytes)
        own, form = query["channelId"], query["format"]
        self._new_channel(own, f"AudioSocket/{query['external_host']}-{query['data']}", app="Stasis")
        media = self.media[own] = Media(writer, reader, KIND[form], FRAME_BYTES[form])
        self._tell("StasisStart", query["app"], args=[query["data"]], channel=self.channels[own])
        self._start(self._hear(own, media))
        return web.json_response(self.channels[own])

    async def _hear(self, own: str, media: Media) -> None:
        """Take what the other side sends; where it hangs up, so does the channel."""
        with suppress(ConnectionError):
            while data := await media.reader.read(4096):
                media.heard += len(data)
        self.hang_up(own)
        media.writer.close()

    async def _hang_up(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.channels:
            return _no(404, "Channel not found")
        self._snooped.pop(request.match_info["id"], None)
        self.hang_up(request.match_info["id"])
        return web.Response(status=204)

    async def _make_bridge(self, request: web.Request) -> web.Response:
        own = request.match_info["id"]
        self._new_bridge(own, request.query.get("name", ""), "Stasis")
        return web.json_response(self.bridges[own])

    async def _add(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.bridges:
            return _no(404, "Bridge not found")
        added = request.query["channel"].split(",")
        if not set(added) <= set(self.channels):
            return _no(400, "Channel not found")
        if any(self.channels[each]["dialplan"]["app_name"] != "Stasis" for each in added):
            return _no(422, "Channel not in Stasis application")
        for each in added:
            self.enter(request.match_info["id"], each)
        return web.Response(status=204)

    async def _destroy_bridge(self, request: web.Request) -> web.Response:
        gone = self.bridges.pop(request.match_info["id"], None)
        if gone is None:
            return _no(404, "Bridge not found")
        self._tell("BridgeDestroyed", bridge={**gone, "channels": []})
        return web.Response(status=204)

    # --- inside

    def _new_channel(
        self, own_id: str, name: str, number: str = "", display: str = "", app: str = "", data: str = ""
    ) -> str:
        self.channels[own_id] = {
            "id": own_id,
            "name": name,
            "state": "Up",
            "protocol_id": "",
            "caller": {"name": display, "number": number},
            "connected": {"name": "", "number": ""},
            "accountcode": "",
            "dialplan": {
                "context": "default",
                "exten": "s",
                "priority": 1,
                "app_name": app,
                "app_data": data,
            },
            "creationtime": f"2026-11-25T00:00:00.{next(self._ids):06}+0000",
            "language": "en",
        }
        self._tell("ChannelCreated", channel=self.channels[own_id])
        return own_id

    def _new_bridge(self, own_id: str, name: str, creator: str) -> str:
        self.bridges[own_id] = {
            "id": own_id,
            "technology": "simple_bridge",
            "bridge_type": "mixing",
            "bridge_class": "stasis" if creator else "basic",
            "creator": creator,
            "name": name,
            "channels": [],
            "creationtime": NOW,
            "video_mode": "none",
        }
        self._tell("BridgeCreated", bridge=self.bridges[own_id])
        return own_id

    def _tell(self, kind: str, app: str | None = None, **more: Any) -> None:
        """Send an event to `app`, or to everybody; as things are now."""
        event = {"type": kind, "timestamp": NOW, "application": app or "kikimori", "asterisk_id": "0", **more}
        self._outbox.put_nowait((app, json.loads(json.dumps(event))))

    async def _send_events(self) -> None:
        while True:
            only, event = await self._outbox.get()
            for app, socket in list(self._apps.items()):
                addressed = only == app or (only is None and app in self._subscribed)
                if addressed and event["type"] in self._filters.get(app, {event["type"]}):
                    with suppress(ConnectionError):
                        await socket.send_json(event)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _no(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


def fields(event: Json) -> Iterator[str]:
    """Name every field of an event, with what it is in: `channel.caller.number`."""
    for key, value in event.items():
        if isinstance(value, dict):
            yield from (f"{key}.{inner}" for inner in fields(value))
        else:
            yield key
