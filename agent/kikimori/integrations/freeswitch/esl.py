r"""The bytes of FreeSWITCH's event socket, inbound mode. Pure: no sockets.

A message is header lines `Name: value\n`, an empty line, and a body of `Content-Length` bytes if that header is there
(src/mod/event_handlers/mod_event_socket/mod_event_socket.c). What comes, by `Content-Type`:

- `auth/request`, to be answered by `auth PASSWORD`; or `text/rude-rejection` where an access list says no;
- `command/reply` with `Reply-Text: +OK …` or `-ERR …`, and `api/response` with the answer as body: both in the order
  of the commands;
- `text/event-json`: the body is one JSON object; `text/event-plain`: the body is header lines again, with values
  percent-encoded, and may have a body of its own;
- `text/disconnect-notice`: nothing more will come.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import unquote

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
"""A list of some thousand channels as JSON has a few megabytes."""
MAX_COMMAND_BYTES = 8 * 1024


class EslError(Exception):
    """The peer does not speak this protocol. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EslMessage:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes = b""

    @property
    def kind(self) -> str:
        """Its content type; empty when there is none."""
        return self.headers.get("Content-Type", "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def reply(self) -> str:
        return self.headers.get("Reply-Text", "")


@dataclass(frozen=True, slots=True)
class Event:
    """Event of FreeSWITCH."""

    headers: dict[str, str]
    body: str = ""

    @property
    def name(self) -> str:
        return self.headers.get("Event-Name", "")

    @property
    def uuid(self) -> str:
        """The channel it happened to; empty where it concerns none."""
        return self.headers.get("Unique-ID", "")

    def get(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(slots=True)
class EslDecoder:
    """Parser of a byte stream into messages, in pieces of any size."""

    _buffer: bytearray = field(default_factory=bytearray)
    _headers: dict[str, str] | None = None
    _length: int = 0

    def feed(self, data: bytes) -> list[EslMessage]:
        """Return the messages that are whole now; raises `EslError`, after which the decoder is of no more use."""
        self._buffer += data
        whole: list[EslMessage] = []
        while True:
            if self._headers is None and not self._take_headers():
                return whole
            if len(self._buffer) < self._length or self._headers is None:
                return whole
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            whole.append(EslMessage(self._headers, body))
            self._headers = None

    def _take_headers(self) -> bool:
        # A stray line feed between messages is harmless; FreeSWITCH writes some after bodies.
        start = 0
        while start < len(self._buffer) and self._buffer[start] in b"\r\n":
            start += 1
        del self._buffer[:start]
        end = self._buffer.find(b"\n\n")
        if end < 0 or end > MAX_HEADER_BYTES:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise EslError("header_too_long")
            return False
        self._headers = headers_from(bytes(self._buffer[:end]).decode("utf-8", "replace"), strict=True)
        del self._buffer[: end + 2]
        length = self._headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and len(length) <= 9):
            raise EslError("bad_length")
        self._length = int(length)
        if self._length > MAX_BODY_BYTES:
            raise EslError("body_too_long")
        return True


def headers_from(text: str, *, strict: bool = False, encoded: bool = False) -> dict[str, str]:
    """Read header lines. `strict` raises `EslError` for a line that is none; else it is passed over."""
    headers: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not colon or not name:
            if strict and line.strip():
                raise EslError("bad_header")
            continue
        value = value.strip()
        headers[name.strip()] = unquote(value) if encoded else value
    return headers


def event_from(message: EslMessage) -> Event | None:
    """Read an event in either format; None for a message that is none. Raises `EslError`."""
    match message.kind:
        case "text/event-json":
            return _json_event(message.text)
        case "text/event-plain":
            head, _, body = message.text.partition("\n\n")
            headers = headers_from(head, encoded=True)
            return Event(headers, body if "Content-Length" in headers else "")
        case _:
            return None


def _json_event(text: str) -> Event:
    try:
        # FreeSWITCH copies what a telephone sent into headers; control characters there are not ours to refuse.
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise EslError("bad_json") from None
    if not isinstance(found, dict):
        raise EslError("bad_json")
    body = found.pop("_body", "")
    return Event(
        {name: value for name, value in found.items() if isinstance(value, str)},
        body if isinstance(body, str) else "",
    )


def command(line: str, **headers: str) -> bytes:
    """One command, ready to send; `headers` with `_` for `-`, e.g. `Job_UUID`.

    Raises:
        ValueError: a line break or a NUL in it, which would be a second command; or too long.
    """
    lines = [line, *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if any(sign in each for each in lines for sign in "\r\n\0"):
        raise ValueError("a command is one line")
    data = "\n".join(lines).encode()
    if not data or len(data) > MAX_COMMAND_BYTES:
        raise ValueError("a command has 1 to 8192 bytes")
    return data + b"\n\n"
