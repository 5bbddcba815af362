"""Payload formats of payload types, from SDP (RFC 3551, RFC 4566 `rtpmap` and `fmtp`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kikimori.media.resample import hearing_rate

if TYPE_CHECKING:
    from collections.abc import Mapping


class PayloadKind(StrEnum):
    """Content of a payload."""

    PCMU = "PCMU"
    PCMA = "PCMA"
    G722 = "G722"
    L16 = "L16"
    COMFORT_NOISE = "CN"
    DTMF = "telephone-event"


@dataclass(frozen=True, slots=True)
class Format:
    """One payload format."""

    kind: PayloadKind
    clock_rate: int
    """Timestamp ticks per second. For G.722 it is 8000, a mistake of RFC 1890 that stayed."""
    rate: int
    """Samples per second once decoded; for `CN` and `telephone-event` the clock rate."""

    @property
    def carries_voice(self) -> bool:
        return self.kind not in (PayloadKind.COMFORT_NOISE, PayloadKind.DTMF)


PCMU = Format(PayloadKind.PCMU, 8000, 8000)
PCMA = Format(PayloadKind.PCMA, 8000, 8000)
G722 = Format(PayloadKind.G722, 8000, 16000)
COMFORT_NOISE = Format(PayloadKind.COMFORT_NOISE, 8000, 8000)
DTMF = Format(PayloadKind.DTMF, 8000, 8000)

STATIC: dict[int, Format] = {
    0: PCMU,
    8: PCMA,
    9: G722,
    11: Format(PayloadKind.L16, 44100, 44100),
    13: COMFORT_NOISE,
}
"""Payload types that need no `rtpmap` (RFC 3551, table 4)."""

STATIC_NAMES = {
    0: "PCMU", 3: "GSM", 4: "G723", 5: "DVI4", 6: "DVI4", 7: "LPC", 8: "PCMA", 9: "G722", 10: "L16", 11: "L16",
    12: "QCELP", 13: "CN", 14: "MPA", 15: "G728", 16: "DVI4", 17: "DVI4", 18: "G729", 19: "CN",
}  # fmt: skip
"""Names of payload types that need no `rtpmap`, also of those that cannot be read."""

NO_VOICE = frozenset({"CN", "TELEPHONE-EVENT", "RED", "ULPFEC"})
"""Names in a description that are no voice codecs."""

_L16_RATES = range(8000, 48001)


def format_of(payload_type: int, rtpmap: str | None) -> Format | None:
    """Return the format of one payload type; None when it is not one this program reads.

    `rtpmap`: the attribute's text after the payload type, `PCMU/8000` or `L16/16000/1`.
    """
    if rtpmap is None:
        return STATIC.get(payload_type)
    name, _, rest = rtpmap.strip().partition("/")
    clock, _, channels = rest.partition("/")
    if not clock.isascii() or not clock.isdigit() or len(clock) > 6 or channels.strip() not in ("", "1"):
        return None
    rate = int(clock)
    match name.strip().upper():
        case "PCMU" if rate == 8000:
            return PCMU
        case "PCMA" if rate == 8000:
            return PCMA
        case "G722" if rate in (8000, 16000):
            # Some write the sampling rate there and still count 8000 ticks, as RFC 3551 wants.
            return G722
        case "L16" if rate in _L16_RATES:
            return Format(PayloadKind.L16, rate, rate)
        case "CN" if rate in _L16_RATES:
            return Format(PayloadKind.COMFORT_NOISE, rate, rate)
        case "TELEPHONE-EVENT" if rate in _L16_RATES:
            return Format(PayloadKind.DTMF, rate, rate)
        case _:
            return None


def leg_rate(formats: Mapping[int, Format]) -> int | None:
    """Return the rate at which a leg of these formats should be heard: that of the preferred voice; None without one."""
    for each in formats.values():
        if each.carries_voice:
            return hearing_rate(each.rate)
    return None
