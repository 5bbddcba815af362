"""SIP messages, parsed and written, without sockets. Source: RFC 3261, sections 7, 20 and 25.

The parser is generous in what vendors really do (compact names, folded lines, bare LF, space before the colon) and
strict in size. Values are kept as text; `kikimori.media.sip.values` reads the structured ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.media.sip.text import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 256 * 1024
MAX_HEADERS = 256

_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}

_WRITTEN = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "mime-version": "MIME-Version",
    "min-se": "Min-SE",
    "rseq": "RSeq",
    "rack": "RAck",
    "www-authenticate": "WWW-Authenticate",
}

_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,256}")
_REQUEST_LINE = re.compile(r"([A-Za-z0-9.!%*_+`'~-]{1,64}) +(\S{1,2048}) +SIP/2\.0 *", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 +([1-6][0-9]{2})(?: +(.*))?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,10}")

REASONS = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
}


class SipError(Exception):
    """Not SIP, or more of it than is reasonable. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Headers:
    """Header fields in order, found by name in any spelling; names are kept in lower case and never compact."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [(long_name(name), value) for name, value in fields]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        # Never the values: they hold telephone numbers.
        return f"Headers({[name for name, _ in self._fields]})"

    def first(self, name: str) -> str | None:
        """The first field of that name as it stands, or None."""
        wanted = long_name(name)
        return next((value for field_name, value in self._fields if field_name == wanted), None)

    def each(self, name: str) -> list[str]:
        """The fields of that name, one string per field."""
        wanted = long_name(name)
        return [value for field_name, value in self._fields if field_name == wanted]

    def values(self, name: str) -> list[str]:
        """All values of a list header (Via, Require, Contact, …), over all its fields, split at commas."""
        return [part for value in self.each(name) for part in split_list(value)]

    def tokens(self, name: str) -> set[str]:
        """The values of a header that lists words (Require, Supported, Allow), in lower case."""
        return {value.lower() for value in self.values(name)}

    def add(self, name: str, value: str) -> None:
        self._fields.append((long_name(name), value))

    def replace(self, name: str, value: str) -> None:
        """Set the first field of that name, where it stands; drop the others; add it if there is none."""
        wanted = long_name(name)
        places = [at for at, (field_name, _) in enumerate(self._fields) if field_name == wanted]
        if not places:
            self._fields.append((wanted, value))
            return
        self._fields[places[0]] = (wanted, value)
        for at in reversed(places[1:]):
            del self._fields[at]

    def replace_first(self, name: str, value: str) -> None:
        """Set the first field of that name and leave the others alone; for the topmost Via."""
        wanted = long_name(name)
        for at, (field_name, _) in enumerate(self._fields):
            if field_name == wanted:
                self._fields[at] = (wanted, value)
                return
        self._fields.insert(0, (wanted, value))


@dataclass(slots=True)
class Request:
    method: str
    """Method in capitals."""
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)
    """May hold telephone numbers and keys."""


@dataclass(slots=True)
class Response:
    status: int
    reason: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)
    """May hold telephone numbers and keys."""


Message = Request | Response


def parse_datagram(data: bytes) -> Message:
    """Parse one message that fills a datagram; bytes beyond Content-Length are dropped (RFC 3261, 18.3).

    Raises:
        SipError: `no_end_of_head`, `truncated`, or what `parse_head` raises.
    """
    data = data.lstrip(b"\r\n")
    head_end = end_of_head(data)
    if head_end is None:
        raise SipError("no_end_of_head" if len(data) <= MAX_HEAD_BYTES else "head_too_long")
    message = parse_head(data[: head_end[0]])
    rest = data[head_end[1] :]
    length = content_length(message.headers)
    if length is None:
        length = len(rest)
    if length > len(rest):
        raise SipError("truncated")
    if length > MAX_BODY_BYTES:
        raise SipError("body_too_long")
    message.body = rest[:length]
    return message


def end_of_head(data: bytes | bytearray) -> tuple[int, int] | None:
    """Return the end of the head and the start of the body; None when the empty line has not come yet."""
    crlf = data.find(b"\r\n\r\n")
    # Some hand-made clients end lines with LF alone.
    bare = data.find(b"\n\n", 0, crlf if crlf >= 0 else len(data))
    if bare >= 0:
        return bare, bare + 2
    return (crlf, crlf + 4) if crlf >= 0 else None


def parse_head(head: bytes) -> Message:
    """Parse start line and header fields, without the empty line that ends them; the body is left empty.

    Raises:
        SipError: `head_too_long`, `not_text`, `not_sip`, `too_many_headers`, `bad_header`.
    """
    if len(head) > MAX_HEAD_BYTES:
        raise SipError("head_too_long")
    if b"\0" in head:
        raise SipError("not_text")
    head = head.replace(b"\r\n", b"\n")
    if head.isascii() and b"\x1b" not in head:
        lines = head.decode("ascii").split("\n")
    else:
        # Display names come in Shift_JIS and Latin-1 too; what is no UTF-8 must not cost the call.
        lines = [text_of(line) for line in head.split(b"\n")]
    message = _start_line(lines[0])
    message.headers = Headers(_fields(lines[1:]))
    return message


def content_length(headers: Headers) -> int | None:
    """Bytes of the body; None when the header is absent.

    Raises:
        SipError: `bad_content_length`: no number, or two that differ.
    """
    values = {value.strip() for value in headers.each("content-length")}
    if not values:
        return None
    only = values.pop()
    if values or not _NUMBER.fullmatch(only):
        raise SipError("bad_content_length")
    return int(only)


def serialise(message: Message) -> bytes:
    """Write a message; Content-Length is set from the body.

    Line ends inside a value become spaces, so that no value from outside can add a header.
    """
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} SIP/2.0"
    else:
        start = f"SIP/2.0 {message.status} {message.reason or REASONS.get(message.status, '')}"
    lines = [_one_line(start)]
    lines += [
        f"{written_name(name)}: {_one_line(value)}"
        for name, value in message.headers
        if name != "content-length"
    ]
    lines.append(f"Content-Length: {len(message.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + message.body


def long_name(name: str) -> str:
    lower = name.lower()
    return _COMPACT.get(lower, lower)


def written_name(name: str) -> str:
    """`content-type` → `Content-Type`."""
    return _WRITTEN.get(name) or "-".join(part.capitalize() for part in name.split("-"))


def split_list(value: str) -> list[str]:
    """Split at commas that stand neither in quotes nor in angle brackets; empty parts are dropped."""
    return split_outside(value, ",")


def split_outside(value: str, separator: str) -> list[str]:
    """Split at `separator`, one character, where it stands neither in quotes nor in angle brackets."""
    if separator not in value:
        stripped = value.strip()
        return [stripped] if stripped else []
    parts = []
    quoted = escaped = bracketed = False
    start = 0
    for at, letter in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter == "<":
            bracketed = True
        elif letter == ">":
            bracketed = False
        elif letter == separator and not bracketed:
            parts.append(value[start:at].strip())
            start = at + 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def _start_line(line: str) -> Message:
    status = _STATUS_LINE.fullmatch(line)
    if status:
        return Response(int(status[1]), (status[2] or "").strip())
    request = _REQUEST_LINE.fullmatch(line)
    if not request:
        raise SipError("not_sip")
    return Request(request[1].upper(), request[2])


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for line in lines:
        if not line.strip():
            continue
        if line[0] in " \t":
            if not fields:
                raise SipError("bad_header")
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        name = name.rstrip()
        if not colon or not _TOKEN.fullmatch(name):
            raise SipError("bad_header")
        if len(fields) >= MAX_HEADERS:
            raise SipError("too_many_headers")
        fields.append((name, value.strip()))
    return fields


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
