"""Calls from FreeSWITCH's events: connected parties, holds, pressed keys. Pure: no sockets.

A call is its customer's channel: whoever that is bridged with, before and after a transfer, is the operator. A call
begins with the first bridge between a customer and an operator and ends when the customer's channel does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kikimori.integrations.freeswitch.tap.channels import (
    FreeSwitchChannel,
    event_channel,
    other_channel,
    queue_of,
    row_channel,
)
from kikimori.integrations.freeswitch.tap.ringing import FreeSwitchRings
from kikimori.taps.changes import DigitPressed, HoldChanged
from kikimori.taps.sides import SidesTable, Unheard, selected, sort_out
from kikimori_core.model.call import CallInfo, Party, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "DTMF",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_UUID",
)
"""Events that the event socket must be asked for."""

MOST_CHANNELS = 20_000
OURS = "variable_kikimori_listener"
"""Variable set on the telephones of listening supervisors, which are no part of the call."""

_UUID = re.compile(r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$")
_DIGIT = re.compile(r"^[0-9A-D*#]$")


@dataclass(frozen=True, slots=True)
class CallBegan:
    """Listen to this call: `channel` and `operator_channel` are set."""

    call: CallInfo


@dataclass(frozen=True, slots=True)
class OperatorCame:
    """The customer talks with somebody, perhaps with another person than before."""

    call: CallInfo


@dataclass(frozen=True, slots=True)
class OperatorLeft:
    """The customer talks with nobody: music, an announcement, a queue."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CallFinished:
    """The customer's channel has ended, or must not be listened to any more."""

    call_id: str
    hung_up: bool


Change = CallBegan | OperatorCame | OperatorLeft | HoldChanged | DigitPressed | CallFinished


class FreeSwitchCallTracker:
    """Events in, changes out.

    `unheard` is told why a bridge is not listened to, once for each.
    """

    def __init__(self, sides: SidesTable, unheard: Callable[[str], None] | None = None) -> None:
        self._sides = sides
        self._unheard = unheard or (lambda _: None)
        self._channels: dict[str, FreeSwitchChannel] = {}
        self._calls: dict[str, CallInfo] = {}
        """Calls by the customer's channel."""
        self._operators: dict[str, str] = {}
        """Operator's channel to customer's, while they are bridged."""
        self.rings = FreeSwitchRings(sides)

    @property
    def calls(self) -> dict[str, CallInfo]:
        return dict(self._calls)

    def take(self, headers: Mapping[str, str]) -> list[Change]:
        """Take an event; return the changes."""
        uuid = headers.get("Unique-ID", "")
        if not _UUID.match(uuid) or headers.get(OURS):
            return []
        self.rings.event(uuid, headers)
        match headers.get("Event-Name"):
            case "CHANNEL_CREATE" | "CHANNEL_ANSWER":
                self._note(uuid, headers)
            case "CHANNEL_UUID":
                return self._renamed(headers.get("Old-Unique-ID", ""), uuid)
            case "CHANNEL_BRIDGE":
                self._note(uuid, headers)
                other = headers.get("Other-Leg-Unique-ID", "") or _bridge_other(headers, uuid)
                if _UUID.match(other) and other != uuid:
                    self._note_other(other, headers)
                    return self._bridged(uuid, other)
            case "CHANNEL_UNBRIDGE":
                other = headers.get("Other-Leg-Unique-ID", "") or _bridge_other(headers, uuid)
                return self._unbridged(uuid, other)
            case "CHANNEL_HOLD" | "CHANNEL_UNHOLD":
                call_id = self._operators.get(uuid)
                if call_id is not None:
                    return [HoldChanged(call_id, headers["Event-Name"] == "CHANNEL_HOLD")]
            case "DTMF":
                return self._pressed(uuid, headers.get("DTMF-Digit", "").upper())
            case "CHANNEL_HANGUP_COMPLETE" | "CHANNEL_DESTROY":
                return self._gone(uuid)
        return []

    def involved(self) -> set[str]:
        """Channels of the calls that are listened to, and of those that ring."""
        return {*self._calls, *self._operators, *self.rings.channels()}

    def adopt(
        self,
        channels: Iterable[Mapping[str, object]],
        calls: Iterable[Mapping[str, object]],
        also_alive: Iterable[str] = (),
    ) -> list[Change]:
        """Take over the lists of `show channels` and `show calls`; a known call that is not listed has ended.

        The lists lag behind the events by up to a second: `also_alive` are channels that are there all the same.
        """
        alive = set(also_alive)
        for row in channels:
            uuid = str(row.get("uuid", ""))
            if _UUID.match(uuid):
                alive.add(uuid)
                self._remember(row_channel(uuid, row))
        changes: list[Change] = []
        for gone in [uuid for uuid in self._channels if uuid not in alive]:
            changes += self._gone(gone)
        self.rings.alive(alive)
        for row in calls:
            uuid, other = str(row.get("uuid", "")), str(row.get("b_uuid", ""))
            if uuid in alive and other in alive and uuid != other:
                changes += self._bridged(uuid, other)
        return changes

    # --- inside

    def _note(self, uuid: str, headers: Mapping[str, str]) -> None:
        known = self._channels.get(uuid)
        queue = queue_of(headers)
        if known is not None:
            # A transfer rewrites numbers; who somebody is was known when they came.
            if queue and queue != known.queue:
                self._channels[uuid] = replace(known, queue=queue)
            if known.number and known.display:
                return
        self._remember(event_channel(uuid, headers))

    def _note_other(self, uuid: str, headers: Mapping[str, str]) -> None:
        if uuid not in self._channels:
            self._remember(other_channel(uuid, headers))

    def _remember(self, channel: FreeSwitchChannel) -> None:
        known = self._channels.get(channel.uuid)
        if known is not None:
            channel = replace(
                known,
                display=known.display or channel.display,
                number=known.number or channel.number,
                queue=channel.queue or known.queue,
            )
        elif len(self._channels) >= MOST_CHANNELS:
            # Ends were missed: the oldest is the likeliest to be gone.
            del self._channels[next(iter(self._channels))]
        self._channels[channel.uuid] = channel

    def _bridged(self, one: str, two: str) -> list[Change]:
        for customer, operator in ((one, two), (two, one)):
            if customer in self._calls:
                return self._joined(customer, operator)
        first, second = self._channels[one], self._channels[two]
        # Who called in is the caller; with two of a kind, who was there first.
        if (first.outbound, first.created) > (second.outbound, second.created):
            first, second = second, first
        queue = first.queue or second.queue or None
        caller = first.endpoint
        sides = sort_out(self._sides, caller, second.endpoint, queue)
        if isinstance(sides, Unheard):
            self._unheard(str(sides))
            return []
        outside, inside = (first, second) if sides.customer is caller else (second, first)
        call = CallInfo(
            call_id=outside.uuid,
            tap="freeswitch",
            caller=_party(outside),
            operator=_party(inside, _party(outside)),
            queue=queue,
            channel=outside.uuid,
            operator_channel=inside.uuid,
        )
        self._calls[outside.uuid] = call
        self._operators[inside.uuid] = outside.uuid
        return [CallBegan(call)]

    def _joined(self, customer: str, operator: str) -> list[Change]:
        who = self._channels[operator]
        if not selected(SidesTable(never_operators=self._sides.never_operators), who.number, None):
            del self._calls[customer]
            self._forget_operators(customer)
            return [CallFinished(customer, hung_up=False)]
        known = self._calls[customer]
        # Whoever comes back on the same channel is who they were, whatever FreeSWITCH calls them by now.
        same = known.operator_channel == operator
        call = replace(
            known, operator=known.operator if same else _party(who, known.caller), operator_channel=operator
        )
        self._calls[customer] = call
        self._forget_operators(customer)
        self._operators[operator] = customer
        return [OperatorCame(call)]

    def _unbridged(self, one: str, two: str) -> list[Change]:
        for customer, operator in ((one, two), (two, one)):
            if customer in self._calls and self._operators.get(operator) == customer:
                del self._operators[operator]
                return [OperatorLeft(customer)]
        return []

    def _pressed(self, uuid: str, digit: str) -> list[Change]:
        if not _DIGIT.match(digit):
            return []
        if uuid in self._calls:
            return [DigitPressed(uuid, Role.CUSTOMER, digit)]
        call_id = self._operators.get(uuid)
        return [] if call_id is None else [DigitPressed(call_id, Role.OPERATOR, digit)]

    def _gone(self, uuid: str) -> list[Change]:
        self._channels.pop(uuid, None)
        if self._calls.pop(uuid, None) is not None:
            self._forget_operators(uuid)
            return [CallFinished(uuid, hung_up=True)]
        customer = self._operators.pop(uuid, None)
        return [] if customer is None else [OperatorLeft(customer)]

    def _renamed(self, old: str, new: str) -> list[Change]:
        channel = self._channels.pop(old, None)
        if channel is not None:
            self._channels[new] = replace(channel, uuid=new)
        if old in self._operators:
            customer = self._operators[new] = self._operators.pop(old)
            self._calls[customer] = call = replace(self._calls[customer], operator_channel=new)
            return [OperatorCame(call)]
        # A customer's channel under another name is another call to everybody who knew the first.
        return self._gone(old)

    def _forget_operators(self, customer: str) -> None:
        for operator in [each for each, whose in self._operators.items() if whose == customer]:
            del self._operators[operator]


def _party(channel: FreeSwitchChannel, other: Party | None = None) -> Party:
    """Return the channel's party, without a display that `intercept` copied from `other`."""
    display = channel.display[:128]
    borrowed = other is not None and display in (other.number, other.name)
    return Party(number=channel.number[:64] or None, name=None if borrowed else display or None)


def _bridge_other(headers: Mapping[str, str], uuid: str) -> str:
    pair = (headers.get("Bridge-A-Unique-ID", ""), headers.get("Bridge-B-Unique-ID", ""))
    return pair[1] if pair[0] == uuid else pair[0]
