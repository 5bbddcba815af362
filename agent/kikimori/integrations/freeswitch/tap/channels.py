"""Identity of a FreeSWITCH channel, from its events and lists. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.taps.sides import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FreeSwitchChannel:
    """Known facts about one channel."""

    uuid: str
    name: str = ""
    outbound: bool = False
    """True = FreeSWITCH placed the call to it."""
    number: str = ""
    display: str = ""
    queue: str = ""
    created: float = 0.0

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.name, self.number, self.display)


def queue_of(headers: Mapping[str, str]) -> str:
    """Return the queue of mod_callcenter or mod_fifo that the channel came through; empty = none."""
    return headers.get("variable_cc_queue", "") or headers.get("variable_fifo_name", "")


def event_channel(uuid: str, headers: Mapping[str, str]) -> FreeSwitchChannel:
    """Read the channel that an event happened to."""
    get = headers.get
    outbound = get("Call-Direction", get("Caller-Direction", "")) == "outbound"
    if outbound:
        user = get("Channel-Presence-ID", "").partition("@")[0]
        number = get("variable_dialed_user", "") or user or get("Caller-Destination-Number", "")
        display = get("Caller-Callee-ID-Name", "")
    else:
        # A registered telephone is known by its user, whatever number it shows to the outside.
        number = get("variable_user_name", "") or get("Caller-Caller-ID-Number", "")
        display = get("Caller-Caller-ID-Name", "")
    return FreeSwitchChannel(
        uuid,
        get("Channel-Name", get("Caller-Channel-Name", "")),
        outbound,
        number,
        _display(display, number),
        queue_of(headers),
        _number(get("Caller-Channel-Created-Time", "")) / 1e6,
    )


def other_channel(uuid: str, headers: Mapping[str, str]) -> FreeSwitchChannel:
    """Read the other channel of an event."""
    get = headers.get
    outbound = get("Other-Leg-Direction", "outbound") == "outbound"
    if outbound:
        number, display = get("Other-Leg-Destination-Number", ""), get("Other-Leg-Callee-ID-Name", "")
    else:
        number, display = get("Other-Leg-Caller-ID-Number", ""), get("Other-Leg-Caller-ID-Name", "")
    return FreeSwitchChannel(
        uuid,
        get("Other-Leg-Channel-Name", ""),
        outbound,
        number,
        _display(display, number),
        "",
        _number(get("Other-Leg-Channel-Created-Time", "")) / 1e6,
    )


def row_channel(uuid: str, row: Mapping[str, object]) -> FreeSwitchChannel:
    """Read a row of `show channels as json`."""

    def text(name: str) -> str:
        value = row.get(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    outbound = text("direction") == "outbound"
    # A telephone in the house has a presence, its extension; `dest` is then its own name for a registration.
    user = text("presence_id").partition("@")[0]
    number = user or (text("dest") if outbound else text("cid_num"))
    display = text("callee_name") if outbound else text("cid_name")
    return FreeSwitchChannel(
        uuid, text("name"), outbound, number, _display(display, number), "", _number(text("created_epoch"))
    )


def _display(display: str, number: str) -> str:
    """Return the caller's name, without the number or text that FreeSWITCH puts where it has none."""
    return (
        "" if display == number or display in ("Outbound Call", "unknown", "Extension " + number) else display
    )


def _number(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0.0
