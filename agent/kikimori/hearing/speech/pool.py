"""Many legs' recognition on a few threads, bounded.

Each leg belongs to one thread, so its audio is decoded in order. When decoding falls behind, audio is shed by the
second, of the calmest leg first; it is counted, and the recogniser starts a new utterance after the hole.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori.hearing.speech.engine import SpeechUnavailableError
from kikimori.hearing.speech.fed_time import FedTime
from kikimori.model.evidence import Role, Utterance, Word

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from kikimori.hearing.speech.engine import Recognised, SpeechEngine

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Chunk:
    pcm: bytes
    media_s: float
    duration_s: float
    closes: bool
    after_hole: bool


class SpeechLeg:
    """One leg's place in the pool. Made by `SpeechPool.open`; used from the event loop's thread."""

    def __init__(
        self,
        pool: SpeechPool,
        worker: _Worker,
        *,
        role: Role,
        rate: int,
        deliver: Callable[[Utterance], None],
        done: Callable[[], None],
    ) -> None:
        self._pool = pool
        self.worker = worker
        self.role = role
        self.rate = rate
        self.deliver = deliver
        self.done = done
        self.heat = 0
        """How much the call needs its words; the lowest is shed first."""
        self.waiting: deque[_Chunk] = deque()
        self.waiting_s = 0.0
        self.shed_s = 0.0
        self.hole = False
        self.closed = False

    def feed(self, pcm: bytes, media_s: float, *, closes: bool) -> None:
        """Queue s16le audio that begins at `media_s`; `closes`: an utterance ends with it."""
        self._pool.feed(self, pcm, media_s, closes=closes)

    def close(self) -> None:
        """The leg is over: what is queued is still decoded, the last utterance ended."""
        self._pool.close_leg(self)


class SpeechPool:
    """Threads that decode. `loop` is where results are delivered."""

    def __init__(
        self,
        engine: SpeechEngine,
        loop: asyncio.AbstractEventLoop,
        *,
        threads: int = 2,
        backlog_s: float = 20.0,
    ) -> None:
        """Start `threads` threads; each holds at most `backlog_s` seconds of audio that waits."""
        self.engine = engine
        self._loop = loop
        self._backlog_s = backlog_s
        self._workers = [_Worker(engine, loop, number) for number in range(threads)]
        self._shed_s = 0.0

    def open(
        self, role: Role, rate: int, deliver: Callable[[Utterance], None], done: Callable[[], None]
    ) -> SpeechLeg:
        """Open a leg.

        `deliver` is called on the event loop with partials, also unchanged ones, and finals, in order; `done` once after the last of them,
        when the leg was closed and all its audio decoded.
        """
        worker = min(self._workers, key=lambda each: each.legs)
        worker.legs += 1
        return SpeechLeg(self, worker, role=role, rate=rate, deliver=deliver, done=done)

    def feed(self, leg: SpeechLeg, pcm: bytes, media_s: float, *, closes: bool) -> None:
        duration_s = len(pcm) / 2 / leg.rate
        worker = leg.worker
        with worker.condition:
            leg.waiting.append(_Chunk(pcm, media_s, duration_s, closes, leg.hole))
            leg.hole = False
            leg.waiting_s += duration_s
            worker.waiting_s += duration_s
            while worker.waiting_s > self._backlog_s:
                self._shed(worker)
            worker.wake(leg)

    def close_leg(self, leg: SpeechLeg) -> None:
        with leg.worker.condition:
            if leg.closed:
                return
            leg.closed = True
            leg.worker.legs -= 1
            leg.worker.wake(leg)

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that wait to be decoded."""
        return sum(worker.waiting_s for worker in self._workers)

    @property
    def shed_s(self) -> float:
        """Seconds of audio that nobody decoded: too much of it, or the recogniser failed."""
        return self._shed_s + sum(worker.lost_s for worker in self._workers)

    @property
    def idle(self) -> bool:
        """True when everything fed was decoded and handed to the loop."""
        return all(worker.idle for worker in self._workers)

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the threads; what still waits is not decoded. Blocks: call it off the loop."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.thread.join(timeout_s)

    def _shed(self, worker: _Worker) -> None:
        candidates = [leg for leg in worker.queued if leg.waiting]
        calmest = min(candidates, key=lambda leg: (leg.heat, -leg.waiting_s))
        chunk = calmest.waiting.popleft()
        if calmest.waiting:
            first = calmest.waiting[0]
            calmest.waiting[0] = _Chunk(
                first.pcm, first.media_s, first.duration_s, first.closes, after_hole=True
            )
        else:
            calmest.hole = True
        if not calmest.shed_s:
            log.warning("speech_shed", role=str(calmest.role), waiting_s=round(worker.waiting_s, 1))
        calmest.waiting_s -= chunk.duration_s
        worker.waiting_s -= chunk.duration_s
        calmest.shed_s += chunk.duration_s
        self._shed_s += chunk.duration_s


class _Decoding:
    """What a worker keeps of a leg between its chunks."""

    def __init__(self, engine: SpeechEngine, leg: SpeechLeg) -> None:
        self.stream = engine.open(leg.rate)
        self.fed = FedTime()
        self.utterance = 0
        self.started_s: float | None = None


class _Worker:
    def __init__(self, engine: SpeechEngine, loop: asyncio.AbstractEventLoop, number: int) -> None:
        self._engine = engine
        self._loop = loop
        self.condition = threading.Condition()
        self.queued: dict[SpeechLeg, None] = {}
        self.waiting_s = 0.0
        self.lost_s = 0.0
        """Seconds that the recogniser failed on."""
        self.legs = 0
        self._busy = False
        self._stopping = False
        self._decodings: dict[SpeechLeg, _Decoding] = {}
        self.thread = threading.Thread(target=self._run, name=f"speech-{number}", daemon=True)
        self.thread.start()

    @property
    def idle(self) -> bool:
        with self.condition:
            return not self.queued and not self._busy

    def wake(self, leg: SpeechLeg) -> None:
        """Call with the condition held."""
        self.queued[leg] = None
        self.condition.notify()

    def stop(self) -> None:
        with self.condition:
            self._stopping = True
            self.condition.notify()

    def _run(self) -> None:
        while True:
            with self.condition:
                self._busy = False
                while not self.queued and not self._stopping:
                    self.condition.wait()
                if self._stopping:
                    break
                # The call that needs its words most goes first; among equals the one that waited longest.
                leg = max(self.queued, key=lambda each: each.heat)
                del self.queued[leg]
                self._busy = True
                chunk = leg.waiting.popleft() if leg.waiting else None
                if chunk is not None:
                    leg.waiting_s -= chunk.duration_s
                    self.waiting_s -= chunk.duration_s
                ends = leg.closed and not leg.waiting
                if leg.waiting:
                    self.queued[leg] = None
            try:
                self._decode(leg, chunk, ends=ends)
            except SpeechUnavailableError:
                # Told once by the engine. What it did not hear is counted as shed, and the screen says so.
                self._give_up(leg)
                if chunk is not None:
                    self._lost(leg, chunk)
            except Exception:
                # One leg's recogniser failed; the others on this thread go on.
                log.exception("speech_failed", role=str(leg.role))
                self._give_up(leg)
                if chunk is not None:
                    self._lost(leg, chunk)
            if ends:
                self._loop.call_soon_threadsafe(leg.done)
        for decoding in self._decodings.values():
            decoding.stream.close()

    def _give_up(self, leg: SpeechLeg) -> None:
        """Close what failed, which may hold a connection; the next chunk begins anew."""
        decoding = self._decodings.pop(leg, None)
        if decoding is not None:
            with suppress(Exception):
                decoding.stream.close()

    def _lost(self, leg: SpeechLeg, chunk: _Chunk) -> None:
        with self.condition:
            leg.shed_s += chunk.duration_s
            self.lost_s += chunk.duration_s

    def _decode(self, leg: SpeechLeg, chunk: _Chunk | None, *, ends: bool) -> None:
        decoding = self._decodings.get(leg)
        if chunk is not None:
            if decoding is None:
                decoding = self._decodings[leg] = _Decoding(self._engine, leg)
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
            del self._decodings[leg]

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
