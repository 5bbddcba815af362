"""The recogniser's streams of one thread's legs: audio in, utterances in media time out."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kikimori.hearing.speech.believable import SoundDepth
from kikimori.hearing.speech.engine import Recognised, join_words
from kikimori.hearing.speech.fed_time import FedTime
from kikimori.hearing.speech.final_times import FinalTimes
from kikimori.hearing.speech.second_hearing import Finished
from kikimori_core.model.evidence import Role, Utterance

if TYPE_CHECKING:
    import asyncio

    from kikimori.hearing.speech.believable import VoicedSpan
    from kikimori.hearing.speech.engine import SpeechEngine
    from kikimori.hearing.speech.finals import FinalsQueue
    from kikimori.hearing.speech.pool import SpeechLeg
    from kikimori.hearing.speech.second_hearing import SecondHearing
    from kikimori_core.model.evidence import RecognisedWord

LONGEST_S = 25.0
"""Longest utterance in s; it is ended then: the second recogniser takes no more at once, and of minutes without a pause
the stream's final costs seconds."""
EARLY_S = 0.4
"""Pause in s at which the second hearing begins, before it is sure that the utterance is over: the stream takes half a
second and more. What goes on after such a pause was heard for nothing, a quarter of all sound; with 0.3 s two fifths, with
0.5 s a seventh, and the result comes 0.1 s later."""
OVER_S = 0.7
"""Pause in s after which an utterance that gets a second hearing is over: the stream's own end and the gate's come up to 0.6 s
later, and the second text, which is there by then, would wait for them."""
SAME_S = 0.1
"""Seconds by which the end of the same voice may move: it is measured against the sound around it."""
UNWORDED_FROM_S = 0.9
"""Seconds of sound without words from the stream that get a second hearing; less is a pause after an
utterance."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a leg's speech that waits to be decoded."""

    pcm: bytes
    media_s: float
    duration_s: float
    closes: bool
    after_hole: bool
    fed_at: float
    """Time at which it was fed, by the monotonic clock."""


class _Decoding:
    """State that a worker keeps of a leg between its chunks."""

    def __init__(self, engine: SpeechEngine, leg: SpeechLeg) -> None:
        self.stream = engine.open(leg.rate)
        self.fed = FedTime()
        self.utterance = 0
        self.started_s: float | None = None
        self.sound = bytearray()
        """Sound of the present utterance, kept for its second hearing."""
        self.from_s = 0.0
        """Start of `depth` and `sound` in seconds of fed audio."""
        self.shown = False
        """True once a partial of the utterance was delivered."""
        self.depth = SoundDepth(leg.rate)
        """Sound depth of the present utterance."""
        self.early: SecondHearing | None = None
        """Second hearing of the present utterance, begun at a pause."""
        self.early_end_s = 0.0
        """End of the voice in it, in seconds of fed audio."""
        self.fed_at = 0.0
        """Time at which its last sound was fed, by the monotonic clock."""


class Decodings:
    """Streams by leg; used by one thread."""

    def __init__(
        self, engine: SpeechEngine, loop: asyncio.AbstractEventLoop, finals: FinalsQueue | None = None
    ) -> None:
        """`finals`: queue for the second hearing of customers' utterances."""
        self._engine = engine
        self._loop = loop
        self._finals = finals
        self._by_leg: dict[SpeechLeg, _Decoding] = {}

    def close(self) -> None:
        for decoding in self._by_leg.values():
            decoding.stream.close()

    def give_up(self, leg: SpeechLeg) -> None:
        """Close a failed stream, which may hold a connection; the next chunk opens another."""
        decoding = self._by_leg.pop(leg, None)
        if decoding is not None:
            self._drop_early(decoding)
            with suppress(Exception):
                decoding.stream.close()

    def finish(self, leg: SpeechLeg) -> None:
        """End the leg's present utterance."""
        decoding = self._by_leg.get(leg)
        if decoding is not None:
            self._finish(leg, decoding)
            decoding.started_s = None

    def decode(self, leg: SpeechLeg, chunk: Chunk | None, *, ends: bool) -> None:
        """Decode a chunk; `ends`: the leg is over. Raises whatever the recogniser raises."""
        decoding = self._by_leg.get(leg)
        if chunk is not None:
            if decoding is None:
                decoding = self._by_leg[leg] = _Decoding(self._engine, leg)
            if chunk.after_hole:
                self._finish(leg, decoding)
            decoding.fed.feed(chunk.media_s, chunk.duration_s)
            decoding.fed_at = chunk.fed_at
            if decoding.started_s is None:
                decoding.started_s = chunk.media_s
            if decoding.depth.is_empty:
                decoding.from_s = decoding.fed.fed_s - chunk.duration_s
            decoding.depth.add(chunk.pcm)
            if self._hears_again(leg):
                decoding.sound += chunk.pcm
            is_a_voice = decoding.depth.is_a_voice
            leg.distant = decoding.depth.is_distant
            recognised = decoding.stream.accept(chunk.pcm, wanted=is_a_voice)
            if recognised is not None and recognised.final:
                self._end(leg, decoding, recognised)
            elif recognised is not None and decoding.depth.bears(recognised.text):
                self._show(leg, decoding, recognised)
            if decoding.sound and not chunk.closes:
                self._hear_early(leg, decoding)
            if chunk.closes or self._is_over(decoding):
                self._finish(leg, decoding)
            if chunk.closes:
                decoding.started_s = None
        if ends and decoding is not None:
            self._finish(leg, decoding)
            decoding.stream.close()
            del self._by_leg[leg]

    def _hears_again(self, leg: SpeechLeg) -> bool:
        return self._finals is not None and leg.role is not Role.OPERATOR

    def _hear_early(self, leg: SpeechLeg, decoding: _Decoding) -> None:
        """Begin the second hearing where the voice pauses, and give it up where it goes on."""
        voice = decoding.depth.voiced()
        end_s = decoding.fed.fed_s - voice.quiet_s
        if decoding.early is not None and end_s > decoding.early_end_s + SAME_S:
            self._drop_early(decoding)
        if decoding.early is not None or voice.quiet_s < EARLY_S or not decoding.depth.is_a_voice:
            return
        pcm = _sound(decoding, voice, leg.rate)
        if self._finals is not None and (decoding.shown or len(pcm) >= UNWORDED_FROM_S * leg.rate * 2):
            decoding.early = self._finals.begin(leg, pcm, _times(decoding, voice))
            decoding.early_end_s = end_s

    @staticmethod
    def _is_over(decoding: _Decoding) -> bool:
        """Return whether the utterance ends here without a word of the stream or the gate: a pause, or too long a sound."""
        if decoding.fed.fed_s - decoding.from_s > LONGEST_S:
            return True
        paused = bool(decoding.sound) and decoding.shown and decoding.depth.voiced().quiet_s >= OVER_S
        return paused and decoding.depth.is_a_voice

    def _drop_early(self, decoding: _Decoding) -> None:
        if decoding.early is not None and self._finals is not None:
            self._finals.drop(decoding.early)
        decoding.early = None

    def _finish(self, leg: SpeechLeg, decoding: _Decoding) -> None:
        self._end(leg, decoding, decoding.stream.finish(wanted=decoding.depth.is_a_voice))

    def _show(self, leg: SpeechLeg, decoding: _Decoding, recognised: Recognised) -> None:
        started = decoding.started_s if decoding.started_s is not None else 0.0
        end = decoding.fed.to_media(decoding.fed.fed_s, end=True)
        decoding.shown = True
        self._deliver(
            leg,
            Utterance(
                leg.role,
                self._line_id(leg, decoding),
                min(started, end),
                end,
                recognised.text,
                final=False,
                engine=self._engine.kind,
            ),
        )

    def _end(self, leg: SpeechLeg, decoding: _Decoding, recognised: Recognised | None) -> None:
        """End the utterance: deliver its final, and queue its second hearing."""
        pcm = b""
        voice = decoding.depth.voiced()
        times = _times(decoding, voice)
        goes_on_s = decoding.fed.fed_s - voice.quiet_s - decoding.early_end_s
        if decoding.depth.is_a_voice:
            pcm = _sound(decoding, voice, leg.rate)
            recognised = _between(recognised, decoding.from_s + voice.start_s, decoding.from_s + voice.end_s)
        if recognised is not None and not decoding.depth.bears(recognised.text):
            recognised = None
        if not pcm or goes_on_s > SAME_S:
            self._drop_early(decoding)
        decoding.depth.clear()
        leg.distant, leg.nobody = decoding.depth.is_distant, decoding.depth.is_nobody
        decoding.sound.clear()
        if recognised is None and not decoding.shown and len(pcm) < UNWORDED_FROM_S * leg.rate * 2:
            self._drop_early(decoding)
            return
        first = self._final(leg, decoding, recognised)
        again = len(pcm) >= UNWORDED_FROM_S * leg.rate * 2 or (recognised is not None and pcm)
        tells = recognised is not None or decoding.shown
        if self._finals is None or not again:
            self._drop_early(decoding)
            if tells:
                self._deliver(leg, first)
        else:
            if tells and not self._finals.replaces:
                self._deliver(leg, first)
            finished = Finished(first, tells=tells)
            early, decoding.early = decoding.early, None
            if early is None or not self._finals.confirm(early, finished):
                self._finals.take(leg, pcm, finished, times)
        decoding.utterance += 1
        decoding.shown = False
        decoding.started_s = decoding.fed.to_media(decoding.fed.fed_s)

    def _final(self, leg: SpeechLeg, decoding: _Decoding, recognised: Recognised | None) -> Utterance:
        fed, line_id = decoding.fed, self._line_id(leg, decoding)
        if recognised is None:
            end = fed.to_media(fed.fed_s, end=True)
            start = min(fed.to_media(decoding.from_s), end)
            return Utterance(leg.role, line_id, start, end, "", final=True, engine=self._engine.kind)
        words = _in_media(recognised.words, fed)
        return Utterance(
            leg.role,
            line_id,
            words[0].start_s,
            words[-1].end_s,
            recognised.text,
            final=True,
            words=words,
            engine=self._engine.kind,
            likely=tuple(replace(each, words=_in_media(each.words, fed)) for each in recognised.others),
        )

    @staticmethod
    def _line_id(leg: SpeechLeg, decoding: _Decoding) -> str:
        return f"{leg.name}-{decoding.utterance}"

    def _deliver(self, leg: SpeechLeg, utterance: Utterance) -> None:
        self._loop.call_soon_threadsafe(leg.deliver, utterance)


def _sound(decoding: _Decoding, voice: VoicedSpan, rate: int) -> bytes:
    """Return the sound of the present utterance between which the voice lies."""
    return bytes(decoding.sound[int(voice.start_s * rate) * 2 : int(voice.end_s * rate) * 2])


def _times(decoding: _Decoding, voice: VoicedSpan) -> FinalTimes:
    spoken = decoding.fed_at - voice.quiet_s
    return FinalTimes(voice.end_s - voice.start_s, spoken, decoding.fed_at, time.monotonic())


def _in_media(words: tuple[RecognisedWord, ...], fed: FedTime) -> tuple[RecognisedWord, ...]:
    """Return words of fed audio with their times in the call."""
    return tuple(
        replace(
            word,
            start_s=round(fed.to_media(word.start_s), 3),
            end_s=round(fed.to_media(word.end_s, end=True), 3),
        )
        for word in words
    )


def _between(recognised: Recognised | None, start_s: float, end_s: float) -> Recognised | None:
    """Keep the words whose middle lies between two times of fed audio; None when there are none."""
    if recognised is None:
        return None

    def inside(words: tuple[RecognisedWord, ...]) -> tuple[RecognisedWord, ...]:
        return tuple(word for word in words if start_s <= (word.start_s + word.end_s) / 2 <= end_s)

    words = inside(recognised.words)
    if not words:
        return None
    others = tuple(
        replace(each, text=join_words([word.text for word in kept]), words=kept)
        for each in recognised.others
        if (kept := inside(each.words))
    )
    return Recognised(join_words([word.text for word in words]), words, final=True, others=others)
