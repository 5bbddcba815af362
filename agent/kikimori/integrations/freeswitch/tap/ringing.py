"""Telephones that FreeSWITCH calls for a caller from outside, from its events. Pure: no sockets.

A channel that FreeSWITCH places for another one names it from its first event on (`Other-Type: originator`); it rings until it is answered or gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.freeswitch.tap.channels import event_channel, other_channel
from kikimori.taps.rings import Rings
from kikimori.taps.sides import SidesTable, Unheard, sort_out
from kikimori_core.model.call import CallInfo, Party

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori.integrations.freeswitch.tap.channels import FreeSwitchChannel

MOST_CALLERS = 10_000
"""Callers that are remembered; beyond them the oldest is forgotten."""


class FreeSwitchRings(Rings):
    """Follows the telephones that ring. Channels of listening supervisors are to be left out before."""

    def __init__(self, sides: SidesTable) -> None:
        super().__init__()
        self._sides = sides
        self._came: dict[str, FreeSwitchChannel] = {}
        """Channels that called in, as they came."""

    def event(self, uuid: str, headers: Mapping[str, str]) -> None:
        """Take an event of a channel."""
        match headers.get("Event-Name"):
            case "CHANNEL_CREATE":
                self._created(uuid, headers)
            case "CHANNEL_ANSWER" | "CHANNEL_BRIDGE":
                self.end(uuid, answered=True)
            case "CHANNEL_HANGUP_COMPLETE" | "CHANNEL_DESTROY":
                self._lost(uuid)
            case "CHANNEL_UUID":
                self._lost(headers.get("Old-Unique-ID", ""))

    def alive(self, uuids: set[str]) -> None:
        """Drop the channels that are gone after a new connection, and have the others told again."""
        for gone in self.channels() - uuids:
            self._lost(gone)
        self.tell_again()

    def _created(self, uuid: str, headers: Mapping[str, str]) -> None:
        channel = event_channel(uuid, headers)
        other = headers.get("Other-Leg-Unique-ID", "")
        if not channel.outbound:
            self._came[uuid] = channel
            while len(self._came) > MOST_CALLERS:
                del self._came[next(iter(self._came))]
        elif other and headers.get("Other-Type") == "originator":
            self._called(self._came.get(other) or other_channel(other, headers), channel)

    def _called(self, caller: FreeSwitchChannel, phone: FreeSwitchChannel) -> None:
        queue = caller.queue or phone.queue or None
        outside = caller.endpoint
        found = sort_out(self._sides, outside, phone.endpoint, queue)
        if caller.outbound or isinstance(found, Unheard) or found.customer is not outside or not phone.number:
            return
        party = Party(number=caller.number[:64] or None, name=caller.display[:128] or None)
        call = CallInfo(caller.uuid, "freeswitch", caller=party, queue=queue, channel=caller.uuid)
        self.begin(caller.uuid, call, phone.uuid, phone.number[:64])

    def _lost(self, uuid: str) -> None:
        self._came.pop(uuid, None)
        self.gone(uuid)
