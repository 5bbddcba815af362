"""Decoding of payloads to samples at the leg's rate, into its feed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import numpy as np

from kikimori.media.g711 import decode_alaw, decode_ulaw
from kikimori.media.g722 import G722Decoder
from kikimori.media.resample import Resampler
from kikimori.media.rtp.conceal import conceal
from kikimori.media.rtp.formats import PayloadKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.media.rtp.formats import Format
    from kikimori_core.model.feed import LegFeed


class PayloadDecoder(Protocol):
    """Converter of a payload to s16le at the format's rate."""

    def decode(self, payload: bytes) -> bytes: ...


def decoder_of(kind: PayloadKind) -> Callable[[bytes], bytes]:
    """Make the decoder of one stream; raises ValueError for a format that carries no voice."""
    match kind:
        case PayloadKind.PCMU:
            return decode_ulaw
        case PayloadKind.PCMA:
            return decode_alaw
        case PayloadKind.G722:
            decoder: PayloadDecoder = G722Decoder()
            return decoder.decode
        case PayloadKind.L16:
            return _decode_l16
        case _:
            raise ValueError(f"{kind} carries no voice")


class LegAudio:
    """Sound of one leg on its way to the feed. Positions: samples at the leg's rate since it was opened."""

    def __init__(self, feed: LegFeed, rate: int) -> None:
        self._feed = feed
        self._rate = rate
        self._given = 0
        self._format: Format | None = None
        self._decode: Callable[[bytes], bytes] | None = None
        self._resampler: Resampler | None = None
        self._before = b""

    def use(self, new: Format, *, anew: bool = False) -> None:
        """Prepare for packets of `new`; `anew` also for the same format, when another stream begins."""
        if new == self._format and not anew:
            return
        self.flush()
        self._format = new
        self._decode = decoder_of(new.kind)
        self._resampler = Resampler(new.rate, self._rate) if new.rate != self._rate else None

    def decode(self, payload: bytes) -> bytes:
        """Return s16le at the rate of the format in use."""
        return b"" if self._decode is None else self._decode(payload)

    def length(self, pcm: bytes) -> int:
        """Return the number of samples at the leg's rate that `pcm` becomes."""
        samples = len(pcm) // 2
        return samples if self._resampler is None else samples * self._rate // self._source_rate

    def give(self, pcm: bytes, *, cut: int = 0) -> None:
        """Pass on decoded sound, without its first `cut` samples of the leg's rate."""
        if cut:
            pcm = pcm[cut * self._source_rate // self._rate * 2 :]
        self._before = pcm
        self._pass(pcm)

    def cover(self, samples: int) -> int:
        """Conceal a loss as far as it can be; return how many samples of the leg's rate that is."""
        wanted = samples * self._source_rate // self._rate
        made = conceal(self._before, wanted, self._source_rate)
        self._pass(made)
        self._before = b""
        return self.length(made)

    def gap(self, until: int, *, quiet: bool = False) -> None:
        """Note that nothing came up to position `until`; `quiet`: the sender reported silence."""
        self.flush()
        samples = until - self._given
        if samples <= 0:
            return
        self._given = until
        if quiet and samples <= self._rate:
            self._feed.audio(bytes(samples * 2))
        else:
            self._feed.gap(samples)

    def flush(self) -> None:
        """Give the samples that the resampler still holds; later ones do not follow them."""
        if self._resampler is not None:
            self._count(self._resampler.flush())
            self._resampler = Resampler(self._source_rate, self._rate)

    @property
    def _source_rate(self) -> int:
        return self._rate if self._format is None else self._format.rate

    def _pass(self, pcm: bytes) -> None:
        if pcm:
            self._count(pcm if self._resampler is None else self._resampler.feed(pcm))

    def _count(self, pcm: bytes) -> None:
        if pcm:
            self._given += len(pcm) // 2
            self._feed.audio(pcm)


def _decode_l16(payload: bytes) -> bytes:
    """Network order, whole samples."""
    whole = payload[: len(payload) & ~1]
    return np.frombuffer(whole, np.int16).byteswap().tobytes() if sys.byteorder == "little" else whole
