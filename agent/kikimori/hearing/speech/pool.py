"""Recognition of many legs on a few threads, bounded.

Each leg belongs to one thread, so its audio is decoded in order. When decoding falls behind, audio is shed by the
second, of the calmest leg first; it is counted, and the recogniser starts a new utterance after the hole. The threads
give way to all others of the program, as sound must be heard whatever becomes of words.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import structlog

from kikimori.hearing.speech.decoding import Chunk, Decodings
from kikimori.hearing.speech.engine import SpeechUnavailableError
from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.priority import give_way

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from kikimori.hearing.speech.engine import SpeechEngine
    from kikimori.hearing.speech.finals import FinalsQueue

log = structlog.get_logger()

LATELY_S = 30.0


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
        name: str = "",
    ) -> None:
        self._pool = pool
        self.worker = worker
        self.role = role
        self.name = name or str(role)
        """Begin of the ids of its lines."""
        self.rate = rate
        self.deliver = deliver
        self.done = done
        self.priority = 0
        """Priority of the call's words; the lowest is shed first."""
        self.distant = False
        """True while its utterances sound like several voices at a distance. Set by the thread that decodes, read by all."""
        self.nobody = False
        """True once it was so for a minute of sound."""
        self._serial = pool.next_serial()
        self.waiting: deque[Chunk] = deque()
        self.waiting_s = 0.0
        self.shed_s = 0.0
        self.hole = False
        self.mid_utterance = False
        """True when the chunk decoded last was the middle of an utterance."""
        self.closed = False

    @property
    def place(self) -> tuple[int, bool, int]:
        """Return the leg's rank: the smaller one's words are shed first, the greater one's decoded first.

        Among calls that are equally calm the operators' words go first, then those of the calls that came last: some
        calls are heard whole, and not all in pieces.
        """
        return self.priority, self.role is not Role.OPERATOR, -self._serial

    @property
    def is_cut(self) -> bool:
        """Return whether the continuation of an unfinished utterance was shed."""
        return self.mid_utterance and (self.hole or bool(self.waiting and self.waiting[0].after_hole))

    def feed(self, pcm: bytes, media_s: float, *, closes: bool) -> None:
        """Queue s16le audio that begins at `media_s`; `closes`: an utterance ends with it."""
        self._pool.feed(self, pcm, media_s, closes=closes)

    def close(self) -> None:
        """End the leg: queued audio is still decoded, and the last utterance ended."""
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
        latest_s: float | None = None,
        finals: FinalsQueue | None = None,
    ) -> None:
        """Start `threads` threads.

        Args:
            engine: The recogniser.
            loop: Where results are delivered.
            threads: How many.
            backlog_s: Seconds of audio that may wait for each thread.
            latest_s: Audio that has waited for longer is shed: words that late are of no use. None = for recordings.
            finals: Hears utterances again; the pool's from now on, and stopped with it.
        """
        self.engine = engine
        self._loop = loop
        self._backlog_s = backlog_s
        self.finals = finals
        self._workers = [_Worker(engine, loop, number, latest_s, finals) for number in range(threads)]
        self._serials = count()

    def next_serial(self) -> int:
        return next(self._serials)

    def open(
        self,
        role: Role,
        rate: int,
        deliver: Callable[[Utterance], None],
        done: Callable[[], None],
        *,
        name: str = "",
    ) -> SpeechLeg:
        """Open a leg.

        `name` begins the ids of its lines, the role's without one; two legs of a call have two names.
        `deliver` is called on the event loop with partials, also unchanged ones, and finals, in order; `done` once after the last of them,
        when the leg was closed and all its audio decoded.
        """
        worker = min(self._workers, key=lambda each: each.legs)
        worker.legs += 1
        return SpeechLeg(self, worker, role=role, rate=rate, deliver=deliver, done=done, name=name)

    def feed(self, leg: SpeechLeg, pcm: bytes, media_s: float, *, closes: bool) -> None:
        duration_s = len(pcm) / 2 / leg.rate
        worker = leg.worker
        with worker.condition:
            leg.waiting.append(Chunk(pcm, media_s, duration_s, closes, leg.hole, time.monotonic()))
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
        """Return the seconds of audio that wait to be decoded."""
        return sum(worker.waiting_s for worker in self._workers)

    @property
    def shed_s(self) -> float:
        """Return the seconds of audio that were not decoded: too much of it, or the recogniser failed."""
        return sum(worker.lost_s for worker in self._workers)

    @property
    def shed_lately(self) -> bool:
        """Return whether something was shed in the last `LATELY_S` seconds."""
        return any(time.monotonic() - worker.lost_at < LATELY_S for worker in self._workers)

    def hold_back(self, *, held: bool) -> None:
        """Begin no decoding while `held`: the machine is too slow for the sound itself."""
        for worker in self._workers:
            worker.hold_back(held=held)
        if self.finals is not None:
            self.finals.hold_back(held=held)

    @property
    def idle(self) -> bool:
        """True when everything fed was decoded and handed to the loop."""
        # In this order: what a worker has done may have made work for the other.
        return all(worker.idle for worker in self._workers) and (self.finals is None or self.finals.idle)

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the threads; waiting audio is not decoded. Blocks: call it off the loop."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.thread.join(timeout_s)
        if self.finals is not None:
            self.finals.stop(timeout_s)

    @staticmethod
    def _shed(worker: _Worker) -> None:
        candidates = [leg for leg in worker.queued if leg.waiting]
        worker.drop_first(min(candidates, key=lambda leg: (*leg.place, -leg.waiting_s)))


class _Worker:
    def __init__(
        self,
        engine: SpeechEngine,
        loop: asyncio.AbstractEventLoop,
        number: int,
        latest_s: float | None,
        finals: FinalsQueue | None,
    ) -> None:
        self._loop = loop
        self.condition = threading.Condition()
        self.queued: dict[SpeechLeg, None] = {}
        self.waiting_s = 0.0
        self.lost_s = 0.0
        """Seconds that were shed, or that the recogniser failed on."""
        self.lost_at = -LATELY_S
        self._latest_s = latest_s
        self._held = False
        self.legs = 0
        self._busy = False
        self._stopping = False
        self._finals = finals
        self._decodings = Decodings(engine, loop, finals)
        self.thread = threading.Thread(target=self._run, name=f"speech-{number}", daemon=True)
        self.thread.start()

    @property
    def idle(self) -> bool:
        with self.condition:
            return not self.queued and not self._busy

    def wake(self, leg: SpeechLeg) -> None:
        """Notify the thread. Call with the condition held."""
        self.queued[leg] = None
        self.condition.notify()

    def hold_back(self, *, held: bool) -> None:
        if held is not self._held:
            with self.condition:
                self._held = held
                self.condition.notify()

    def drop_first(self, leg: SpeechLeg) -> None:
        """Shed the oldest chunk of a leg. Call with the condition held."""
        chunk = leg.waiting.popleft()
        if leg.waiting:
            leg.waiting[0] = replace(leg.waiting[0], after_hole=True)
        else:
            leg.hole = True
        if not leg.shed_s:
            log.warning("speech_shed", role=str(leg.role), waiting_s=round(self.waiting_s, 1))
        leg.waiting_s -= chunk.duration_s
        self.waiting_s -= chunk.duration_s
        self._count_lost(leg, chunk)

    def _drop_late(self) -> None:
        """Shed audio that has waited too long. Call with the condition held."""
        if self._latest_s is None:
            return
        oldest = time.monotonic() - self._latest_s
        for leg in self.queued:
            while leg.waiting and leg.waiting[0].fed_at < oldest:
                self.drop_first(leg)

    def _next(self) -> SpeechLeg:
        """Return the leg to decode next. Call with the condition held.

        What is cut off or over is finished first, which costs little: its words must not come when they are past. Then
        the call goes first that needs its words most.
        """
        self._drop_late()
        return max(self.queued, key=lambda each: (each.closed or each.is_cut, *each.place))

    def _count_lost(self, leg: SpeechLeg, chunk: Chunk) -> None:
        leg.shed_s += chunk.duration_s
        self.lost_s += chunk.duration_s
        self.lost_at = time.monotonic()

    def stop(self) -> None:
        with self.condition:
            self._stopping = True
            self.condition.notify()

    def _run(self) -> None:
        give_way()
        while True:
            with self.condition:
                self._busy = False
                while (self._held or not self.queued) and not self._stopping:
                    self.condition.wait()
                if self._stopping:
                    break
                leg = self._next()
                del self.queued[leg]
                self._busy = True
                cut = leg.is_cut
                chunk = leg.waiting.popleft() if leg.waiting and not cut else None
                leg.mid_utterance = chunk is not None and not chunk.closes
                if chunk is not None:
                    leg.waiting_s -= chunk.duration_s
                    self.waiting_s -= chunk.duration_s
                ends = leg.closed and not leg.waiting
                if leg.waiting:
                    self.queued[leg] = None
            try:
                if cut:
                    self._decodings.finish(leg)
                self._decodings.decode(leg, chunk, ends=ends)
            except SpeechUnavailableError:
                # Told once by the engine. What it did not hear is counted as shed, and the screen says so.
                self._decodings.give_up(leg)
                if chunk is not None:
                    self._lost(leg, chunk)
            except Exception:
                # One leg's recogniser failed; the others on this thread go on.
                log.exception("speech_failed", role=str(leg.role))
                self._decodings.give_up(leg)
                if chunk is not None:
                    self._lost(leg, chunk)
            if ends:
                self._end(leg)
        self._decodings.close()

    def _end(self, leg: SpeechLeg) -> None:
        def done() -> None:
            self._loop.call_soon_threadsafe(leg.done)

        if self._finals is None:
            done()
        else:
            self._finals.after(leg, done)

    def _lost(self, leg: SpeechLeg, chunk: Chunk) -> None:
        with self.condition:
            self._count_lost(leg, chunk)
