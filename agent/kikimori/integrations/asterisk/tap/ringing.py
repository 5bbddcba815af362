"""Telephones that ring for callers from outside, from Asterisk's `Dial` events. Pure: no sockets.

A `Dial` event has the channel that dials (`caller`), the one that is dialled (`peer`) and `dialstatus`: empty at first, `RINGING` when the
telephone rings, `ANSWER`, and words for its end. Queues and ring groups dial `Local` channels, whose other halves dial telephones, so the
caller is found over them. Source: Asterisk's `rest-api/api-docs/events.json`, `app_dial.c`, `app_queue.c`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori.integrations.asterisk.tap.parties import caller_of, endpoint_of
from kikimori.taps.rings import Rings
from kikimori.taps.sides import SidesTable, Unheard, sort_out
from kikimori_core.model.call import CallInfo, call_id_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kikimori.integrations.asterisk.tap.world import AsteriskChannel, World

MOST_DIALS = 10_000
"""Channels that are dialled at a time; beyond them a ring is not seen."""
MOST_HOPS = 8
"""Most `Local` pairs between a caller and a telephone."""

_UNDER_WAY = frozenset({"", "RINGING", "PROGRESS", "PROCEEDING"})

Json = dict[str, Any]


class RingTracker:
    """Follows the telephones that ring. `queue_of` returns the last queue that served a channel."""

    def __init__(self, world: World, sides: SidesTable, queue_of: Callable[[str], str | None]) -> None:
        self._world = world
        self._sides = sides
        self._queue_of = queue_of
        self._dialled_by: dict[str, str] = {}
        """Channel that dials, by the channel that is dialled."""
        self.rings = Rings()

    def apply(self, event: Json) -> None:
        """Take an event in, after the world did."""
        match event.get("type"):
            case "Dial":
                self._dial(_id(event.get("caller")), _id(event.get("peer")), event.get("dialstatus"))
            case "ChannelDestroyed":
                self._gone(_id(event.get("channel")))

    def load(self) -> None:
        """Drop the channels that are gone after a new connection, and tell of the others again."""
        alive = self._world.channels.keys()
        for gone in {*self._dialled_by, *self.rings.channels()} - alive:
            self._gone(gone)
        self.rings.tell_again()

    # --- inside

    def _dial(self, caller_id: str, peer_id: str, status: object) -> None:
        if not caller_id or not peer_id or not isinstance(status, str):
            return
        if status in _UNDER_WAY:
            if peer_id in self._world.channels and len(self._dialled_by) < MOST_DIALS:
                self._dialled_by[peer_id] = caller_id
            if status == "RINGING":
                self._rings(peer_id)
            return
        self.rings.end(peer_id, answered=status == "ANSWER")
        # The chain of an answered call is not needed any more; a telephone behind it was dialled by a channel of its own.
        if status != "ANSWER":
            self._dialled_by.pop(peer_id, None)

    def _rings(self, peer_id: str) -> None:
        phone = self._world.channels.get(peer_id)
        caller = self._caller(peer_id)
        if phone is None or caller is None or not phone.is_telephone:
            return
        queue = self._queue_of(caller.id) or caller.queue
        endpoint = endpoint_of(phone, queue)
        called = endpoint_of(caller, queue)
        found = sort_out(self._sides, called, endpoint, queue)
        if isinstance(found, Unheard) or found.customer is not called or not endpoint.number:
            return
        call = CallInfo(
            call_id=call_id_from(caller.id),
            tap="asterisk",
            caller=caller_of(caller, phone),
            queue=queue,
            channel=caller.name,
        )
        self.rings.begin(caller.id, call, peer_id, endpoint.number)

    def _caller(self, channel_id: str) -> AsteriskChannel | None:
        """Return the telephone or line that rings a channel, over `Local` pairs."""
        for each in self._way_back(channel_id):
            if each.is_telephone:
                return each
        return None

    def _way_back(self, channel_id: str) -> Iterator[AsteriskChannel]:
        for _ in range(MOST_HOPS):
            dialling = self._world.channels.get(self._dialled_by.get(channel_id, ""))
            if dialling is None:
                return
            yield dialling
            partner = dialling.local_partner
            channel_id = (self._world.named(partner) if partner else None) or dialling.id

    def _gone(self, channel_id: str) -> None:
        self._dialled_by.pop(channel_id, None)
        self.rings.gone(channel_id)


def _id(found: object) -> str:
    value = found.get("id") if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
