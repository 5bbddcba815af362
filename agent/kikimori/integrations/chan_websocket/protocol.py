"""Meaning of chan_websocket's messages, without sockets.

Binary messages are audio in the channel's format. Text messages are events, as words (`DTMF_END digit:5 …`) or as JSON
with `event`, as the PBX is configured. Sources: Asterisk's `channels/chan_websocket.c` and
https://docs.asterisk.org/Configuration/Channel-Drivers/WebSocket/ .
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori.media import g711
from kikimori.media.g722 import G722Decoder

if TYPE_CHECKING:
    from collections.abc import Callable

SUBPROTOCOL = "media"

DTMF_DIGITS = frozenset("0123456789*#ABCD")

SLIN_RATES = {
    "slin": 8_000,
    "slin12": 12_000,
    "slin16": 16_000,
    "slin24": 24_000,
    "slin32": 32_000,
    "slin44": 44_100,
    "slin48": 48_000,
    "slin96": 96_000,
    "slin192": 192_000,
}
"""Samples per second of signed linear audio, s16le on every machine that Asterisk is packaged for."""

_EVENT = re.compile(r"^[A-Z][A-Z_]{0,63}$")
_CHANNEL_ID = re.compile(r"^[!-~]{1,149}$")
"""AST_MAX_PUBLIC_UNIQUEID is 149 letters."""


class ChanWebSocketError(Exception):
    """The peer is no chan_websocket. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MediaStart:
    """The first event of every connection."""

    channel_id: str
    """Unique id of the WebSocket channel: the only thing that names one connection and no other."""
    format: str


@dataclass(frozen=True, slots=True)
class DigitMessage:
    digit: str


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """Event that says nothing about the call: flow control to the PBX, status, …, or of a later release."""

    name: str


@dataclass(frozen=True, slots=True)
class FormatConversion:
    """Conversion of a format to s16le."""

    rate: int
    decode: Callable[[bytes], bytes | memoryview]
    """Raises `ChanWebSocketError`."""


def read_event(text: str) -> MediaStart | DigitMessage | OtherEvent:
    """Read a text message; raises `ChanWebSocketError`."""
    name, fields = _json(text) if text.startswith("{") else _words(text)
    if not _EVENT.match(name):
        raise ChanWebSocketError("not_an_event")
    if name == "MEDIA_START":
        channel_id, format_ = fields.get("channel_id"), fields.get("format")
        if not isinstance(channel_id, str) or not _CHANNEL_ID.match(channel_id):
            raise ChanWebSocketError("no_channel_id")
        if not isinstance(format_, str):
            raise ChanWebSocketError("no_format")
        return MediaStart(channel_id, format_)
    if name == "DTMF_END":
        digit = str(fields.get("digit", "")).upper()
        if digit not in DTMF_DIGITS:
            raise ChanWebSocketError("not_a_dtmf_digit")
        return DigitMessage(digit)
    return OtherEvent(name)


def decoding(format_: str) -> FormatConversion:
    """Return how audio of a format (as Asterisk names it) is read; raises `ChanWebSocketError` for one that is not known."""
    if format_ in SLIN_RATES:
        return FormatConversion(SLIN_RATES[format_], _whole_samples)
    match format_:
        case "ulaw":
            return FormatConversion(8_000, g711.decode_ulaw)
        case "alaw":
            return FormatConversion(8_000, g711.decode_alaw)
        case "g722":
            return FormatConversion(16_000, G722Decoder().decode)
    raise ChanWebSocketError("format_not_known")


def _whole_samples(payload: bytes) -> bytes:
    if len(payload) % 2:
        raise ChanWebSocketError("odd_audio_length")
    return payload


def _words(text: str) -> tuple[str, dict[str, Any]]:
    name, *rest = text.split(" ")
    pairs = (word.partition(":") for word in rest)
    return name, {key: value for key, colon, value in pairs if colon}


def _json(text: str) -> tuple[str, dict[str, Any]]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise ChanWebSocketError("not_json") from None
    name = read.get("event")
    if not isinstance(name, str):
        raise ChanWebSocketError("not_an_event")
    return name, read
