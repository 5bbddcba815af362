"""Classification of a stream's payloads by their bytes, sound or not; and recognition of ZRTP. Pure.

Encrypted bytes are spread evenly over all 256 values; no sound in G.711, G.722 or L16 is, however loud or noisy: over
1,600 bytes the chi-square of random bytes is 255 ± 23, that of the loudest speech and noise measured here 550 and more.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW_BYTES = 1600
"""Window in bytes: ten packets of G.711, a fifth of a second."""
EVEN_BELOW = 400.0
"""Chi-square of a window whose bytes are spread evenly; random ones reach it once in 10¹⁰ times."""
WINDOWS_TO_CHANGE = 2
"""Windows in a row without sound after which a sounding stream counts as not sounding."""
LEAST_PACKETS = 6
MOST_HELD = 25

_ZRTP = b"ZRTP"
_NEGOTIATES = (b"Commit", b"DHPart", b"Confir", b"Conf2A")


class Readability(Enum):
    """State of knowledge about a stream."""

    HELD = "held"
    """Not known yet: packets are held back."""
    SOUND = "sound"
    EVEN = "even"
    """Encrypted, or no sound at all."""


def zrtp_message(data: bytes) -> str | None:
    """Return the type of a ZRTP message (RFC 6189, 5); None when the datagram is none."""
    if len(data) < 12 or data[0] >> 4 != 1 or data[4:8] != _ZRTP:
        return None
    return data[16:24].decode("ascii", errors="replace").strip()


def negotiates(message: str) -> bool:
    """Return whether a ZRTP message shows that both ends agree: the audio after it is encrypted."""
    return message.encode("ascii", errors="replace").startswith(_NEGOTIATES)


class Readable:
    """Classifier of the payloads of one stream, in the order in which they come."""

    __slots__ = ("_even", "_fewest", "_size", "_window", "reading")

    def __init__(self) -> None:
        self.reading = Readability.HELD
        self._window: deque[bytes] = deque(maxlen=MOST_HELD * 4)
        self._size = 0
        self._even = 0
        self._fewest: dict[int, int] = {}

    @property
    def suspects(self) -> bool:
        """Return whether the last payloads were not yet told from random bytes."""
        return self._size > 0 or self._even > 0

    def doubt(self) -> None:
        """Hold packets back until their bytes were checked."""
        if self.reading is Readability.SOUND:
            self.reading = Readability.HELD
            self._begin()

    def look(self, payload: bytes) -> Readability:
        """Take the next payload; return the present state of knowledge."""
        if len(set(payload)) <= self._few(len(payload)):
            self._sound()
            return self.reading
        self._window.append(payload)
        self._size += len(payload)
        if self._size >= WINDOW_BYTES and len(self._window) >= LEAST_PACKETS:
            self._judge()
        return self.reading

    def seems_sound(self) -> bool:
        """Return whether the checked bytes, however few, differ from random ones."""
        return bool(self._window) and chi_square(self._window) >= EVEN_BELOW

    def _judge(self) -> None:
        if chi_square(self._window) >= EVEN_BELOW:
            self._sound()
            return
        self._even += 1
        if self.reading is not Readability.SOUND or self._even >= WINDOWS_TO_CHANGE:
            self.reading = Readability.EVEN
        self._window.clear()
        self._size = 0

    def _sound(self) -> None:
        self.reading = Readability.SOUND
        if self.suspects:
            self._begin()

    def _begin(self) -> None:
        self._window.clear()
        self._size = self._even = 0

    def _few(self, size: int) -> int:
        """Return the least count of different values in random bytes: six deviations below the mean."""
        known = self._fewest.get(size)
        if known is None:
            share = size / 256
            missed = exp(-share)
            deviation = sqrt(256 * missed * max(0.0, 1 - (1 + share) * missed))
            known = self._fewest[size] = int(256 * (1 - missed) - 6 * deviation)
            if len(self._fewest) > 64:
                self._fewest = {size: known}
        return known


def chi_square(payloads: Iterable[bytes]) -> float:
    """Return the deviation of bytes from an even spread over all values; 255 for random ones."""
    data = np.frombuffer(b"".join(payloads), np.uint8)
    expected = len(data) / 256
    return float(((np.bincount(data, minlength=256) - expected) ** 2).sum() / expected)
