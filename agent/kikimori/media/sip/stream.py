"""Parser of a TCP or TLS stream into SIP messages, however it was cut. RFC 3261, 18.3; RFC 5626, 4.4.1."""

from __future__ import annotations

from kikimori.media.sip.message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Message,
    SipError,
    content_length,
    end_of_head,
    parse_head,
)

PING = b"\r\n\r\n"
PONG = b"\r\n"


class StreamDecoder:
    """Parser with at most one incomplete message. After a `SipError` it is of no use: the framing is lost."""

    __slots__ = ("_body_at", "_body_bytes", "_message", "_pending", "_searched", "pings")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._searched = 0
        self._message: Message | None = None
        self._body_at = 0
        self._body_bytes = 0
        self.pings = 0
        """Keep-alives that still need a `PONG`; the owner sets it back."""

    @property
    def mid_message(self) -> bool:
        """Return whether the stream stops now in the middle of a message."""
        return bool(self._pending)

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes, return the messages that are whole now.

        Raises:
            SipError: with the reason of `parse_head` or `content_length`; `body_too_long`; `no_content_length`, which
                a stream cannot do without.
        """
        self._pending += data
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> Message | None:
        if self._message is None and not self._head():
            return None
        message, end = self._message, self._body_at + self._body_bytes
        if message is None or len(self._pending) < end:
            return None
        message.body = bytes(self._pending[self._body_at : end])
        del self._pending[:end]
        self._message = None
        self._searched = 0
        return message

    def _head(self) -> bool:
        """Read the next head; False while it is not whole."""
        self._skip_line_ends()
        # A slow peer must not make us search the same bytes again and again.
        start = max(self._searched - 3, 0)
        found = end_of_head(self._pending[start : start + MAX_HEAD_BYTES + 4])
        if found is None:
            if len(self._pending) > MAX_HEAD_BYTES:
                raise SipError("head_too_long")
            self._searched = len(self._pending)
            return False
        message = parse_head(bytes(self._pending[: start + found[0]]))
        length = content_length(message.headers)
        if length is None:
            raise SipError("no_content_length")
        if length > MAX_BODY_BYTES:
            raise SipError("body_too_long")
        self._message = message
        self._body_at = start + found[1]
        self._body_bytes = length
        return True

    def _skip_line_ends(self) -> None:
        if not self._pending or self._pending[0] not in PONG:
            return
        size = len(self._pending)
        skipped = size - len(self._pending.lstrip(PONG))
        pings, rest = divmod(skipped, len(PING))
        self.pings += pings
        # Half a ping stays when nothing follows: its other half may be on the way.
        del self._pending[: skipped - rest if skipped == size else skipped]
        self._searched = 0
