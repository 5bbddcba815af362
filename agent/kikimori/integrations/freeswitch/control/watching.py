"""State of the few channels that are being moved, from FreeSWITCH's events. Pure, but for the waiting.

FreeSWITCH sends its events from several threads when it has much to do, so a later one may come first. The connections
between channels are therefore read in the order of `Event-Sequence`, and everything else counts only for the order
(`orders.ORDER`) that the event itself names.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.integrations.freeswitch.control.orders import ORDER, STEP, WHICH, WHY

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.freeswitch.esl import Event

EVENTS = (
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_APPLICATION",
    "PLAYBACK_START",
    "MEDIA_BUG_START",
    "CHANNEL_HANGUP_COMPLETE",
)
"""Events that the event socket must be asked for."""


@dataclass(slots=True)
class Watched:
    """State of one channel."""

    uuid: str
    peer: str = ""
    """Channel it talks with; empty: none."""
    order: str = ""
    """Order whose events count."""
    met: bool = False
    """True once it was connected with somebody in this order."""
    step: str = ""
    """Step of the order in which it was connected."""
    music: bool = False
    """True once music has begun in this order; a customer who is fetched at once ends it within a moment."""
    rung: set[str] = field(default_factory=set)
    """Steps of the order for which a telephone was reached."""
    failed: str = ""
    """FreeSWITCH's cause for which the requested telephone was not reached."""
    causes: dict[str, str] = field(default_factory=dict)
    """Cause for which the last telephone that rang did not answer, by step."""
    taps: int = 0
    """Number of listeners attached since the watch began."""
    gone: bool = False
    bridged_at: int = -1
    """`Event-Sequence` of the newest bridge or its end."""
    left: str = ""
    """Channel it talked with when the order was given."""

    def expect(self, order: str) -> None:
        """Reset the state for a new order."""
        self.order, self.left = order, self.peer
        self.met = self.music = False
        self.step = self.failed = ""
        self.rung, self.causes = set(), {}

    def found(self, peer: str, order: str, step: str) -> None:
        """Take FreeSWITCH's answer: the present peer, and the order and its step."""
        self.peer, self.order, self.step = peer, order, step
        self.met = bool(peer)


class Watch:
    """Watched channels by name."""

    def __init__(self) -> None:
        self._channels: dict[str, Watched] = {}
        self._news = asyncio.Event()

    def on(self, uuid: str) -> Watched:
        """Watch a channel, or go on watching it."""
        return self._channels.setdefault(uuid, Watched(uuid))

    def off(self, uuid: str) -> None:
        self._channels.pop(uuid, None)

    def take(self, event: Event) -> None:
        """Take an event of any kind."""
        if event.name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
            self._bridge(event)
        else:
            channel = self._channels.get(event.uuid)
            if channel is not None:
                _own(channel, event)
            rung_for = self._channels.get(event.get("Other-Leg-Unique-ID"))
            if rung_for is not None and event.get(f"variable_{ORDER}") == rung_for.order != "":
                _telephone(rung_for, event)
        self._news.set()

    def _bridge(self, event: Event) -> None:
        one = event.get("Bridge-A-Unique-ID") or event.uuid
        two = event.get("Bridge-B-Unique-ID") or event.get("Other-Leg-Unique-ID")
        sequence = event.get("Event-Sequence")
        at = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 20 else -1
        for mine, other in ((one, two), (two, one)):
            channel = self._channels.get(mine)
            if channel is None or at < channel.bridged_at:
                continue
            channel.bridged_at = at
            if event.name == "CHANNEL_UNBRIDGE":
                if channel.peer == other:
                    channel.peer = ""
                continue
            channel.peer = other
            if event.uuid == mine:
                if event.get(f"variable_{ORDER}") == channel.order:
                    channel.met, channel.step = True, event.get(f"variable_{STEP}")
            elif other != channel.left:
                # Somebody took them off: a pick-up at another telephone.
                channel.met, channel.step = True, ""

    def wake(self) -> None:
        """Have every wait check its condition again."""
        self._news.set()

    async def until(self, condition: Callable[[], object], within_s: float) -> bool:
        """Wait for an event that makes `condition` true; False when none came in time."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True


def _own(channel: Watched, event: Event) -> None:
    match event.name:
        case "PLAYBACK_START" if event.get(f"variable_{ORDER}") == channel.order:
            channel.music = True
        case "CHANNEL_APPLICATION" if event.get(WHICH) == channel.order != "":
            channel.failed = event.get(WHY) or "unknown"
        case "MEDIA_BUG_START" if event.get("Media-Bug-Function") == "eavesdrop":
            channel.taps += 1
        case "CHANNEL_HANGUP_COMPLETE":
            channel.gone = True
            channel.peer = ""
        case _:
            pass


def _telephone(channel: Watched, event: Event) -> None:
    """Note an event of a telephone that rings for the channel."""
    step = event.get(f"variable_{STEP}")
    if event.name in ("CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER"):
        channel.rung.add(step)
    elif event.name == "CHANNEL_HANGUP_COMPLETE" and channel.peer != event.uuid:
        channel.causes[step] = event.get("Hangup-Cause")
