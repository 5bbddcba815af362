"""State of Asterisk's channels and bridges, from its events. Pure: no sockets, no clock.

Source of the fields: Asterisk's `rest-api/api-docs/{channels,bridges,events}.json`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Json = dict[str, Any]

MOST_CHANNELS = 50_000
"""Most channels; the largest PBXs have some thousand."""

NO_TELEPHONES = frozenset(
    {
        "Announcer",
        "AudioSocket",
        "Bridge",
        "CBAnn",
        "CBRec",
        "Local",
        "Message",
        "MulticastRTP",
        "Recorder",
        "Snoop",
        "Surrogate",
        "UnicastRTP",
        "WebSocket",
    }
)
"""Channel technologies that are Asterisk's internals, or a tap."""


@dataclass(frozen=True, slots=True)
class AsteriskChannel:
    """Channel: a telephone, a line, or half of a `Local` pair."""

    id: str
    name: str
    """`PJSIP/204-0000001a`."""
    number: str = ""
    """Caller identification of the party at this end."""
    display: str = ""
    app: str = ""
    app_data: str = ""
    exten: str = ""
    created: str = ""
    """ISO 8601, so that text order is time order."""

    @property
    def technology(self) -> str:
        return self.name.partition("/")[0]

    @property
    def is_telephone(self) -> bool:
        # A zombie is what a channel leaves behind that took another's place.
        return self.technology not in NO_TELEPHONES and not self.name.endswith("<ZOMBIE>")

    @property
    def endpoint(self) -> str:
        """The name without its running number: `PJSIP/204`."""
        head, dash, tail = self.name.rpartition("-")
        return head if dash and len(tail) >= 8 else self.name

    @property
    def was_called(self) -> bool:
        """Return whether Asterisk called this telephone (`AppDial`, `AppQueue`), rather than it Asterisk."""
        return self.app.startswith("App")

    @property
    def queue(self) -> str | None:
        """Return the queue in which this channel is served just now."""
        return self.app_data.partition(",")[0].strip() or None if self.app == "Queue" else None

    @property
    def local_partner(self) -> str | None:
        """Name of the other half of a `Local` pair."""
        if self.technology != "Local" or not self.name.endswith((";1", ";2")):
            return None
        return self.name[:-1] + ("2" if self.name.endswith("1") else "1")


@dataclass(frozen=True, slots=True)
class Bridge:
    """Bridge in which channels hear each other."""

    id: str
    type: str = ""
    creator: str = ""
    channels: tuple[str, ...] = ()

    @property
    def is_conference(self) -> bool:
        return self.creator == "ConfBridge"

    @property
    def is_conversation(self) -> bool:
        """Return whether it is a conversation: no parking, waiting or conference."""
        return self.type != "holding" and not self.is_conference


def read_channel(found: object) -> AsteriskChannel | None:
    """Read ARI's `Channel`; None when it is none."""
    if not isinstance(found, dict) or not _text(found.get("id")) or not _text(found.get("name")):
        return None
    dialplan = _part(found, "dialplan")
    caller = _part(found, "caller")
    return AsteriskChannel(
        id=_text(found["id"]),
        name=_text(found["name"]),
        number=_text(caller.get("number")),
        display=_text(caller.get("name")),
        app=_text(dialplan.get("app_name")),
        app_data=_text(dialplan.get("app_data")),
        exten=_text(dialplan.get("exten")),
        created=_text(found.get("creationtime")),
    )


def read_bridge(found: object) -> Bridge | None:
    """Read ARI's `Bridge`; None when it is none."""
    if not isinstance(found, dict) or not _text(found.get("id")):
        return None
    channels = found.get("channels")
    return Bridge(
        id=_text(found["id"]),
        type=_text(found.get("bridge_type")),
        creator=_text(found.get("creator")),
        channels=tuple(each for each in channels if isinstance(each, str))
        if isinstance(channels, list)
        else (),
    )


def _part(found: Json, key: str) -> Json:
    part = found.get(key)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return value[:256] if isinstance(value, str) else ""


@dataclass(slots=True)
class World:
    """Channels and bridges of Asterisk, without our own, whose ids begin with `own_prefix`."""

    own_prefix: str
    channels: dict[str, AsteriskChannel] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)
    _bridge_of: dict[str, str] = field(default_factory=dict)
    _by_name: dict[str, str] = field(default_factory=dict)

    def is_own(self, name: str) -> bool:
        return name.startswith(self.own_prefix)

    def load(self, channels: object, bridges: object) -> None:
        """Replace everything by the answers of `GET /channels` and `GET /bridges`."""
        self.channels.clear()
        self.bridges.clear()
        self._bridge_of.clear()
        self._by_name.clear()
        for each in channels if isinstance(channels, list) else ():
            self._put_channel(read_channel(each))
        for each in bridges if isinstance(bridges, list) else ():
            self._put_bridge(read_bridge(each))

    def apply(self, event: Json) -> set[str]:
        """Take an event in; return the ids of channels whose connections it may have changed."""
        kind = event.get("type")
        channel = read_channel(event.get("channel"))
        if channel is not None and self.is_own(channel.id):
            return set()
        if kind == "ChannelDestroyed":
            return self._drop_channel(channel)
        for each in (channel, read_channel(event.get("caller")), read_channel(event.get("peer"))):
            # News of a channel that is gone already (a last `Dial`) must not bring it back.
            if each is not None and (
                each.id in self.channels or kind in ("ChannelCreated", "ChannelEnteredBridge")
            ):
                self._put_channel(each)
        touched = {channel.id} if channel is not None else set()
        bridge = read_bridge(event.get("bridge"))
        if bridge is None or self.is_own(bridge.id):
            return touched
        before = self.bridges.get(bridge.id)
        touched |= set(before.channels if before else ()) | set(bridge.channels)
        if kind == "BridgeDestroyed":
            self._drop_bridge(bridge.id)
        elif kind in _BRIDGE_NEWS:
            self._put_bridge(bridge)
            if kind == "BridgeMerged" and (merged := read_bridge(event.get("bridge_from"))):
                touched |= set(merged.channels)
                self._put_bridge(merged)
        return touched

    def connected(self, channel_id: str) -> list[AsteriskChannel]:
        """Return channels that hear this one, itself too, over bridges and `Local` pairs, oldest first."""
        found: dict[str, AsteriskChannel] = {}
        ahead = [channel_id]
        while ahead:
            each = self.channels.get(ahead.pop())
            if each is None or each.id in found:
                continue
            found[each.id] = each
            ahead += self._neighbours(each)
        return sorted(found.values(), key=lambda each: (each.created, each.id))

    def named(self, name: str) -> str | None:
        """Return the id of the channel of a name."""
        return self._by_name.get(name)

    def in_conference(self, channel_id: str) -> bool:
        bridge = self.bridges.get(self._bridge_of.get(channel_id, ""))
        return bridge is not None and bridge.is_conference

    def _neighbours(self, channel: AsteriskChannel) -> Iterator[str]:
        partner = channel.local_partner
        if partner is not None and partner in self._by_name:
            yield self._by_name[partner]
        bridge = self.bridges.get(self._bridge_of.get(channel.id, ""))
        if bridge is not None and bridge.is_conversation:
            yield from bridge.channels

    def _put_channel(self, channel: AsteriskChannel | None) -> None:
        if channel is None or self.is_own(channel.id):
            return
        known = self.channels.get(channel.id)
        if known is None and len(self.channels) >= MOST_CHANNELS:
            return
        if known is not None and known.name != channel.name:
            self._by_name.pop(known.name, None)
        self.channels[channel.id] = channel
        self._by_name[channel.name] = channel.id

    def _drop_channel(self, channel: AsteriskChannel | None) -> set[str]:
        if channel is None:
            return set()
        touched = {each.id for each in self.connected(channel.id)}
        known = self.channels.pop(channel.id, None)
        if known is not None and self._by_name.get(known.name) == known.id:
            del self._by_name[known.name]
        bridge = self.bridges.get(self._bridge_of.pop(channel.id, ""))
        if bridge is not None:
            self._put_bridge(
                Bridge(bridge.id, bridge.type, bridge.creator, _without(bridge.channels, channel.id))
            )
        return touched

    def _put_bridge(self, bridge: Bridge | None) -> None:
        if bridge is None or self.is_own(bridge.id):
            return
        if bridge.id not in self.bridges and len(self.bridges) >= MOST_CHANNELS:
            return
        self._unlink(bridge.id)
        self.bridges[bridge.id] = bridge
        for each in bridge.channels:
            self._bridge_of[each] = bridge.id

    def _drop_bridge(self, bridge_id: str) -> None:
        self._unlink(bridge_id)
        self.bridges.pop(bridge_id, None)

    def _unlink(self, bridge_id: str) -> None:
        before = self.bridges.get(bridge_id)
        for each in before.channels if before else ():
            if self._bridge_of.get(each) == bridge_id:
                del self._bridge_of[each]


_BRIDGE_NEWS = frozenset({"BridgeCreated", "BridgeMerged", "ChannelEnteredBridge", "ChannelLeftBridge"})


def _without(channels: Iterable[str], gone: str) -> tuple[str, ...]:
    return tuple(each for each in channels if each != gone)
