"""Calls among Asterisk's channels, and their voices to be heard. Pure: events in, wanted voices and news out.

A call begins when a customer is first connected with an operator, and lives as long as the customer's channel. The
operators of a call are whoever is connected with the customer now, through whatever bridges and `Local` channels.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import structlog

from kikimori.integrations.asterisk.tap.parties import caller_of, endpoint_of, party
from kikimori.integrations.asterisk.tap.ringing import RingTracker
from kikimori.integrations.asterisk.tap.world import AsteriskChannel, World
from kikimori.taps.changes import DigitPressed, HoldChanged
from kikimori.taps.sides import INTERNAL, NOT_SELECTED, SidesTable, Unheard, sort_out
from kikimori_core.model.call import CallInfo, Role, call_id_from

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger()

MOST_OPERATORS = 3
"""Most voices besides the customer's: operator, superior and one more. A larger round is no customer's
call."""

CONFERENCE = Unheard("conference")

_CONNECTING = frozenset(
    {
        "BridgeCreated",
        "BridgeDestroyed",
        "BridgeMerged",
        "ChannelCreated",
        "ChannelDestroyed",
        "ChannelEnteredBridge",
        "ChannelLeftBridge",
    }
)
"""Events after which channels may be connected anew."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WantedVoice:
    """Voice of one party that is wanted."""

    call: CallInfo
    role: Role
    channel: str
    """Id of the channel."""


News = HoldChanged | DigitPressed


@dataclass(slots=True)
class _Call:
    info: CallInfo
    """Without an operator."""
    customer: str
    """Id of the channel."""
    operators: tuple[str, ...] = ()
    heard: bool = True
    """False while the customer speaks with somebody who must not be listened to."""
    held_by: set[str] = field(default_factory=set)


class AsteriskCallTracker:
    """Follows the calls of one Asterisk."""

    def __init__(self, sides: SidesTable, own_prefix: str) -> None:
        self.world = World(own_prefix)
        self._sides = sides
        self._calls: dict[str, _Call] = {}
        """Calls by the customer's channel."""
        self._call_of: dict[str, str] = {}
        """Customer's channel by the operator's."""
        self._queues: dict[str, str] = {}
        """Last queue that served a channel, by channel."""
        self._ringing = RingTracker(self.world, sides, self._queues.get)
        self.rings = self._ringing.rings
        self._unheard: dict[str, Unheard] = {}
        """Reason for which a channel is not listened to; kept so that it is logged once."""
        self._changed: set[str] = set()
        self._news: list[News] = []
        self.begun = 0
        self.not_heard: Counter[str] = Counter()
        """Number of calls not heard, by reason."""

    # --- what comes in

    def load(self, channels: object, bridges: object) -> set[str]:
        """Load the answers of `GET /channels` and `GET /bridges`; calls that still exist go on.

        Returns what `apply` does.
        """
        self.world.load(channels, bridges)
        alive = self.world.channels.keys()
        for known in (self._queues, self._unheard):
            for gone in known.keys() - alive:
                del known[gone]
        for gone in self._calls.keys() - alive:
            self._end(gone)
        for each in list(self.world.channels.values()):
            self._note_queue(each)
        self._look_at(list(alive))
        self._ringing.load()
        return self._take_changed()

    def apply(self, event: Json) -> set[str]:
        """Take an event in; return the calls whose `voices` changed, by the customer's channel."""
        touched = self.world.apply(event)
        channel_id = _id(event.get("channel"))
        known = self.world.channels.get(channel_id)
        if known is not None:
            self._note_queue(known)
        match event.get("type"):
            case "ChannelDestroyed":
                self._queues.pop(channel_id, None)
                self._unheard.pop(channel_id, None)
                self._end(channel_id)
            case "ChannelHold":
                self._hold(channel_id, on_hold=True)
            case "ChannelUnhold":
                self._hold(channel_id, on_hold=False)
            case "ChannelDtmfReceived":
                self._key(channel_id, event.get("digit"))
        if event.get("type") in _CONNECTING:
            self._look_at(touched)
        self._ringing.apply(event)
        return self._take_changed()

    # --- what comes out

    def voices(self, customer: str) -> list[WantedVoice]:
        """Return every voice of this customer's call that should be heard now; none when the call is over."""
        call = self._calls.get(customer)
        if call is None or not call.heard:
            return []
        operators = [self.world.channels[each] for each in call.operators if each in self.world.channels]
        infos = [self._with_operator(call, each) for each in operators]
        voices = [WantedVoice(infos[0] if infos else call.info, Role.CUSTOMER, customer)]
        voices += [
            WantedVoice(info, Role.OPERATOR, each.id) for info, each in zip(infos, operators, strict=True)
        ]
        return voices

    def take_news(self) -> list[News]:
        """Return the news since it was last taken."""
        news, self._news = self._news, []
        return news

    @property
    def customers(self) -> set[str]:
        """Return the calls, by the customer's channel."""
        return set(self._calls)

    # --- inside

    def _take_changed(self) -> set[str]:
        changed, self._changed = self._changed, set()
        return changed

    def _look_at(self, channel_ids: Iterable[str]) -> None:
        """Update the connections of these channels."""
        seen: set[str] = set()
        again: dict[str, None] = {}
        for channel_id in channel_ids:
            if channel_id in self._calls:
                again[channel_id] = None
            elif channel_id in self._call_of:
                again[self._call_of[channel_id]] = None
            if channel_id in seen:
                continue
            group = self.world.connected(channel_id)
            seen |= {each.id for each in group}
            customers = [each.id for each in group if each.id in self._calls]
            if customers:
                again |= dict.fromkeys(customers)
            elif (begun := self._begin(group)) is not None:
                again[begun] = None
        for customer in again:
            if customer in self._calls:
                self._see_operators(self._calls[customer])

    def _begin(self, group: list[AsteriskChannel]) -> str | None:
        """Open a call where a customer and an operator are connected; return the customer's channel."""
        telephones = [each for each in group if each.is_telephone]
        if len(telephones) == 1 and self.world.in_conference(telephones[0].id):
            self._note_unheard(telephones, CONFERENCE)
        if len(telephones) < 2:
            return None
        # Whom Asterisk called comes after who called Asterisk; else the older channel called.
        telephones.sort(key=lambda each: each.was_called)
        queue = self._queue(group)
        parties = [(each, endpoint_of(each, queue)) for each in telephones]
        reason = INTERNAL
        for (caller, one), (callee, other) in combinations(parties, 2):
            found = sort_out(self._sides, one, other, queue)
            if not isinstance(found, Unheard):
                who_called = found.customer is one
                self._open(caller if who_called else callee, callee if who_called else caller, queue)
                return caller.id if who_called else callee.id
            reason = found
        self._note_unheard(telephones, reason)
        return None

    def _note_unheard(self, telephones: list[AsteriskChannel], reason: Unheard) -> None:
        news = [each for each in telephones if self._unheard.get(each.id) != reason]
        for each in news:
            self._unheard[each.id] = reason
            log.info("call_not_heard", channel_id=each.id, reason=str(reason))
        self.not_heard[str(reason)] += bool(news)

    def _open(self, customer: AsteriskChannel, operator: AsteriskChannel, queue: str | None) -> None:
        self._calls[customer.id] = _Call(
            CallInfo(
                call_id=call_id_from(customer.id),
                tap="asterisk",
                caller=caller_of(customer, operator),
                queue=queue,
                channel=customer.name,
            ),
            customer.id,
        )
        self._changed.add(customer.id)
        self.begun += 1

    def _see_operators(self, call: _Call) -> None:
        customer = self.world.channels.get(call.customer)
        if customer is None:
            return
        group = self.world.connected(call.customer)
        queue = self._queue(group)
        if queue and queue != call.info.queue:
            call.info = replace(call.info, queue=queue)
            self._changed.add(call.customer)
        others = [
            each
            for each in group
            if each.is_telephone and each.id != call.customer and each.id not in self._calls
        ]
        # Whoever was not to be listened to has left: the customer alone is heard again with the next operator.
        heard = call.heard or bool(others)
        operators: list[str] = []
        for other in others[:MOST_OPERATORS]:
            endpoint = endpoint_of(other, queue)
            found = sort_out(self._sides, endpoint_of(customer, queue), endpoint, call.info.queue)
            if found is NOT_SELECTED:
                heard = False
            elif not isinstance(found, Unheard):
                operators.append(other.id)
        if heard is not call.heard:
            call.heard = heard
            self._changed.add(call.customer)
        self._set_operators(call, tuple(operators) if heard else ())

    def _set_operators(self, call: _Call, operators: tuple[str, ...]) -> None:
        if operators == call.operators:
            return
        self._changed.add(call.customer)
        for gone in set(call.operators) - set(operators):
            if self._call_of.get(gone) == call.customer:
                del self._call_of[gone]
            self._released(call, gone)
        call.operators = operators
        self._call_of |= dict.fromkeys(operators, call.customer)

    def _end(self, channel_id: str) -> None:
        """Remove the call of a customer who has left, or an operator who has."""
        call = self._calls.pop(channel_id, None)
        if call is not None:
            self._changed.add(channel_id)
            for each in call.operators:
                self._call_of.pop(each, None)
            return
        call = self._calls.get(self._call_of.get(channel_id, ""))
        if call is not None:
            self._set_operators(call, tuple(each for each in call.operators if each != channel_id))

    def _hold(self, channel_id: str, *, on_hold: bool) -> None:
        call = self._calls.get(self._call_of.get(channel_id, ""))
        if call is None:
            return
        if not on_hold:
            self._released(call, channel_id)
        elif channel_id not in call.held_by:
            call.held_by.add(channel_id)
            if len(call.held_by) == 1:
                self._news.append(HoldChanged(call.info.call_id, on_hold=True))

    def _released(self, call: _Call, channel_id: str) -> None:
        if channel_id in call.held_by:
            call.held_by.discard(channel_id)
            if not call.held_by:
                self._news.append(HoldChanged(call.info.call_id, on_hold=False))

    def _key(self, channel_id: str, digit: object) -> None:
        if not isinstance(digit, str) or len(digit) != 1 or digit not in "0123456789*#ABCD":
            return
        if channel_id in self._calls:
            self._news.append(DigitPressed(self._calls[channel_id].info.call_id, Role.CUSTOMER, digit))
        elif channel_id in self._call_of:
            call = self._calls[self._call_of[channel_id]]
            self._news.append(DigitPressed(call.info.call_id, Role.OPERATOR, digit))

    def _note_queue(self, channel: AsteriskChannel) -> None:
        if channel.queue is not None:
            self._queues[channel.id] = channel.queue

    def _queue(self, group: list[AsteriskChannel]) -> str | None:
        return next((self._queues[each.id] for each in group if each.id in self._queues), None)

    def _with_operator(self, call: _Call, operator: AsteriskChannel) -> CallInfo:
        endpoint = endpoint_of(operator, call.info.queue)
        return replace(
            call.info,
            operator=party(endpoint.number, endpoint.display),
            operator_channel=operator.name,
        )


def _id(found: object) -> str:
    value = found.get("id") if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
