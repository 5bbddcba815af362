"""Keys sent as RTP events (RFC 4733): many packets for one key, any of which may be lost or come twice."""

from __future__ import annotations

DIGITS = "0123456789*#ABCD"

_EVENT_BYTES = 4
_HALF = 1 << 31
_LONGEST = 0xFFFF


class KeyEvents:
    """Key events of one stream. Each key is reported once, at the first of its packets that arrives."""

    __slots__ = ("_began", "_digit", "_duration", "_ended")

    def __init__(self) -> None:
        self._began: int | None = None
        self._digit = ""
        self._duration = 0
        self._ended = True

    def feed(self, payload: bytes, timestamp: int, *, marker: bool) -> str | None:
        """Return the digit when this packet begins a key that was not told yet.

        All packets of a key carry the timestamp of its beginning. Flash and other events that are no key give None.
        """
        if len(payload) < _EVENT_BYTES or payload[0] >= len(DIGITS):
            return None
        digit = DIGITS[payload[0]]
        ends = payload[1] >= 0x80
        duration = payload[2] << 8 | payload[3]
        if self._began is not None:
            since = (timestamp - self._began) & 0xFFFFFFFF
            if since >= _HALF:
                return None
            if since == 0:
                self._ended |= ends
                self._duration = max(duration, self._duration)
                return None
            if digit == self._digit and not self._ended and not marker and self._goes_on(since):
                self._began, self._duration, self._ended = timestamp, duration, ends
                return None
        self._began, self._digit, self._duration, self._ended = timestamp, digit, duration, ends
        return digit

    def _goes_on(self, since: int) -> bool:
        # A key held longer than the field can say goes on as a further event (RFC 4733, 2.5.1.3). Some telephones
        # also, wrongly, count the timestamp on within one key.
        return since == _LONGEST or since <= self._duration

    def forget(self) -> None:
        """Forget the timestamps: a new stream begins, with a count of its own."""
        self._began = None
        self._ended = True
