"""What FreeSWITCH tells of the few channels that are being moved. Pure, but for the waiting."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kikimori.freeswitch.esl import Event

EVENTS = (
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "MEDIA_BUG_START",
    "CHANNEL_HANGUP_COMPLETE",
)
"""What the event socket must be asked for."""


MOST_CHANNELS = 50_000
LISTS_LAG_S = 2.0
"""`show …` reads a database that FreeSWITCH writes about once a second."""


@dataclass(slots=True)
class Watched:
    """One channel."""

    uuid: str
    peer: str = ""
    """Whom it talks with; empty: nobody."""
    bridges: int = 0
    """How often it was connected since it is watched."""
    plays: str = ""
    """What is being played to it."""
    rings: str = ""
    """`target` or `home`: whose telephone rings for it, or rang last."""
    failed: str = ""
    """Why the last telephone that rang for it did not answer: FreeSWITCH's cause."""
    taps: int = 0
    """Listeners that were attached since it is watched."""
    gone: bool = False


class Watch:
    """Watched channels by name."""

    def __init__(self) -> None:
        self._channels: dict[str, Watched] = {}
        self._pairs: dict[str, str] = {}
        """Who talks with whom, of all channels: a channel's own variable `bridge_uuid` stays after the bridge."""
        self._noted: dict[str, float] = {}
        """When an event told of a channel's bridge or its end."""
        self._news = asyncio.Event()

    def pairs(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Take over what `show calls` lists; what events told in the last seconds is newer than that list."""
        now = time.monotonic()
        self._noted = {uuid: at for uuid, at in self._noted.items() if now - at < LISTS_LAG_S}
        self._pairs = {uuid: peer for uuid, peer in self._pairs.items() if uuid in self._noted}
        for row in rows:
            if str(row.get("uuid", "")) in self._noted or str(row.get("b_uuid", "")) in self._noted:
                continue
            one, two = str(row.get("uuid", "")), str(row.get("b_uuid", ""))
            if one and two:
                self._pairs |= {one: two, two: one}
        for channel in self._channels.values():
            channel.peer = self._pairs.get(channel.uuid, "")

    def on(self, uuid: str) -> Watched:
        """Watch a channel, or go on watching it."""
        return self._channels.setdefault(uuid, Watched(uuid, self._pairs.get(uuid, "")))

    def off(self, uuid: str) -> None:
        self._channels.pop(uuid, None)

    def take(self, event: Event) -> None:
        """Take any event."""
        if event.name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
            one = event.get("Bridge-A-Unique-ID") or event.uuid
            two = event.get("Bridge-B-Unique-ID") or event.get("Other-Leg-Unique-ID")
            for mine, other in ((one, two), (two, one)):
                self._note(mine)
                if event.name == "CHANNEL_BRIDGE" and len(self._pairs) < MOST_CHANNELS:
                    self._pairs[mine] = other
                elif self._pairs.get(mine) == other:
                    del self._pairs[mine]
                channel = self._channels.get(mine)
                if channel is None:
                    continue
                if event.name == "CHANNEL_BRIDGE":
                    channel.peer = other
                    channel.bridges += 1
                elif channel.peer == other:
                    channel.peer = ""
            self._news.set()
            return
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            self._pairs.pop(event.uuid, None)
        channel = self._channels.get(event.uuid)
        if channel is not None:
            match event.name:
                case "PLAYBACK_START":
                    channel.plays = event.get("Playback-File-Path") or "unknown"
                case "PLAYBACK_STOP":
                    channel.plays = ""
                case "MEDIA_BUG_START" if event.get("Media-Bug-Function") == "eavesdrop":
                    channel.taps += 1
                case "CHANNEL_HANGUP_COMPLETE":
                    channel.gone = True
                    channel.peer = ""
        for_whom = self._channels.get(event.get("Other-Leg-Unique-ID"))
        step = event.get("variable_kikimori_step")
        if for_whom is not None and step:
            if event.name in ("CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER"):
                for_whom.rings = step
            elif event.name == "CHANNEL_HANGUP_COMPLETE" and for_whom.peer != event.uuid:
                for_whom.failed = event.get("Hangup-Cause")
        self._news.set()

    def _note(self, uuid: str) -> None:
        self._noted.pop(uuid, None)
        self._noted[uuid] = time.monotonic()
        if len(self._noted) > MOST_CHANNELS:
            del self._noted[next(iter(self._noted))]

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._news.set()

    async def until(self, condition: Callable[[], object], within_s: float) -> bool:
        """Wait for news that make `condition` true; False when they did not come in time."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
