"""The recogniser's streams of one thread's legs: audio in, utterances in media time out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.hearing.speech.fed_time import FedTime
from kikimori.model.evidence import Utterance, Word

if TYPE_CHECKING:
    import asyncio

    from kikimori.hearing.speech.engine import Recognised, SpeechEngine
    from kikimori.hearing.speech.pool import SpeechLeg


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a leg's speech that waits to be decoded."""

    pcm: bytes
    media_s: float
    duration_s: float
    closes: bool
    after_hole: bool
    fed_at: float
    """By the monotonic clock."""


class _Decoding:
    """What a worker keeps of a leg between its chunks."""

    def __init__(self, engine: SpeechEngine, leg: SpeechLeg) -> None:
        self.stream = engine.open(leg.rate)
        self.fed = FedTime()
        self.utterance = 0
        self.started_s: float | None = None


class Decodings:
    """Streams by leg; used by one thread."""

    def __init__(self, engine: SpeechEngine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop
        self._by_leg: dict[SpeechLeg, _Decoding] = {}

    def close(self) -> None:
        for decoding in self._by_leg.values():
            decoding.stream.close()

    def give_up(self, leg: SpeechLeg) -> None:
        """Close what failed, which may hold a connection; the next chunk begins anew."""
        decoding = self._by_leg.pop(leg, None)
        if decoding is not None:
            with suppress(Exception):
                decoding.stream.close()

    def finish(self, leg: SpeechLeg) -> None:
        """End the utterance that the leg is in."""
        decoding = self._by_leg.get(leg)
        if decoding is not None:
            self._give(leg, decoding, decoding.stream.finish())
            decoding.started_s = None

    def decode(self, leg: SpeechLeg, chunk: Chunk | None, *, ends: bool) -> None:
        """Decode a chunk; `ends`: the leg is over. Raises whatever the recogniser raises."""
        decoding = self._by_leg.get(leg)
        if chunk is not None:
            if decoding is None:
                decoding = self._by_leg[leg] = _Decoding(self._engine, leg)
            if chunk.after_hole:
                self._give(leg, decoding, decoding.stream.finish())
            decoding.fed.feed(chunk.media_s, chunk.duration_s)
            if decoding.started_s is None:
                decoding.started_s = chunk.media_s
            self._give(leg, decoding, decoding.stream.accept(chunk.pcm))
            if chunk.closes:
                self._give(leg, decoding, decoding.stream.finish())
                decoding.started_s = None
        if ends and decoding is not None:
            self._give(leg, decoding, decoding.stream.finish())
            decoding.stream.close()
            del self._by_leg[leg]

    def _give(self, leg: SpeechLeg, decoding: _Decoding, recognised: Recognised | None) -> None:
        if recognised is None:
            return
        fed = decoding.fed
        line_id = f"{leg.role}-{decoding.utterance}"
        if recognised.final:
            words = tuple(
                Word(
                    word.text,
                    round(fed.to_media(word.start_s), 3),
                    round(fed.to_media(word.end_s, end=True), 3),
                    word.confidence,
                )
                for word in recognised.words
            )
            utterance = Utterance(
                leg.role, line_id, words[0].start_s, words[-1].end_s, recognised.text, final=True, words=words
            )
            decoding.utterance += 1
            decoding.started_s = fed.to_media(fed.fed_s)
        else:
            started = decoding.started_s if decoding.started_s is not None else 0.0
            end = fed.to_media(fed.fed_s, end=True)
            utterance = Utterance(leg.role, line_id, min(started, end), end, recognised.text, final=False)
        self._loop.call_soon_threadsafe(leg.deliver, utterance)
