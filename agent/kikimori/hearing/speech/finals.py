"""Second hearing of finished utterances by another recogniser, within a budget.

A queue by urgency: calls with open alerts first, of the others those that have waited longest. When too much waits, the
calmest calls' utterances are shed first and counted; what the stream made of them stands. The threads give way to all
others of the program.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from kikimori.hearing.speech.second_hearing import SecondHearing
from kikimori_core.model.evidence import OtherTranscription
from kikimori_core.priority import give_way

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from kikimori.hearing.speech.engine import Transcription, UtteranceEngine
    from kikimori.hearing.speech.final_times import FinalTimes
    from kikimori.hearing.speech.pool import SpeechLeg
    from kikimori.hearing.speech.second_hearing import Finished
    from kikimori_core.model.evidence import Utterance

log = structlog.get_logger()

LATELY_S = 30.0


class FinalsQueue:
    """Threads for the second hearing. `take` is called by the threads that decode."""

    def __init__(
        self,
        engine: UtteranceEngine,
        loop: asyncio.AbstractEventLoop,
        *,
        replaces: bool,
        threads: int = 1,
        backlog_s: float | None = None,
        latest_s: float | None = None,
        traced: Callable[[FinalTimes], None] | None = None,
    ) -> None:
        """Start `threads` threads.

        Args:
            engine: The second recogniser.
            loop: Where results are delivered.
            replaces: The stream's final is held back and counts only where the second recogniser cannot be had; else
                both count.
            threads: How many.
            backlog_s: Seconds of audio that may wait; None = for recordings, which can wait.
            latest_s: What has waited for longer is shed. None = for recordings.
            traced: Called by the threads with the times of each utterance heard.
        """
        self.engine = engine
        self._traced = traced
        self.replaces = replaces
        self.waiting_s = 0.0
        """Seconds of audio that wait to be heard."""
        self.heard = 0
        """Number of utterances heard."""
        self.shed = 0
        """Number of utterances without a second hearing: too much audio, or the recogniser failed."""
        self._shed_at = -LATELY_S
        self._loop = loop
        self._backlog_s = backlog_s
        self._latest_s = latest_s
        self._waiting: list[SecondHearing] = []
        self._busy = 0
        """Number of threads that hear at present."""
        self._unheard: Counter[SpeechLeg] = Counter()
        """Number of utterances of each leg that wait or are being heard."""
        self._done: dict[SpeechLeg, Callable[[], None]] = {}
        self._condition = threading.Condition()
        self._held = self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"speech-finals-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> bool:
        """Return whether everything taken was heard and handed to the loop."""
        with self._condition:
            return not self._unheard

    @property
    def shed_lately(self) -> bool:
        """Return whether something was shed in the last `LATELY_S` seconds."""
        return time.monotonic() - self._shed_at < LATELY_S

    def take(self, leg: SpeechLeg, pcm: bytes, finished: Finished, times: FinalTimes) -> None:
        """Queue an utterance for its second hearing."""
        with self._condition:
            self._unheard[leg] += 1
            self._queue(SecondHearing(leg, pcm, times, finished))
            while self._backlog_s is not None and self.waiting_s > self._backlog_s and len(self._waiting) > 1:
                self._shed(min(self._waiting, key=lambda each: (*each.leg.place, each.times.given)))

    def begin(self, leg: SpeechLeg, pcm: bytes, times: FinalTimes) -> SecondHearing | None:
        """Begin to hear an utterance that may go on, if a thread has nothing else to do; None = not begun.

        Recordings can wait until it is over.
        """
        with self._condition:
            if self._latest_s is None or self._held or self._waiting or self._busy == len(self._threads):
                return None
            begun = SecondHearing(leg, pcm, times)
            self._queue(begun)
        return begun

    def confirm(self, begun: SecondHearing, finished: Finished) -> bool:
        """Take what `begin` returned for a whole utterance; return False when it was given up."""
        with self._condition:
            if begun.given_up:
                return False
            self._unheard[begun.leg] += 1
            begun.finished = finished
            if begun.heard is not None:
                self._tell(begun, begun.heard)
        return True

    def drop(self, begun: SecondHearing) -> None:
        """Give up what `begin` returned: the utterance went on."""
        with self._condition:
            if begun in self._waiting:
                self._unqueue(begun)
            begun.given_up = True

    def after(self, leg: SpeechLeg, done: Callable[[], None]) -> None:
        """Call `done`, in some thread, once all utterances of an ended leg were heard."""
        with self._condition:
            if leg in self._unheard:
                self._done[leg] = done
                return
        done()

    def hold_back(self, *, held: bool) -> None:
        """Begin nothing while `held`: the machine is too slow for the sound itself."""
        if held is not self._held:
            with self._condition:
                self._held = held
                self._condition.notify_all()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the threads; waiting utterances get no second hearing. Blocks: call it off the loop."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)

    def _queue(self, hearing: SecondHearing) -> None:
        """Wake a thread for it. Call with the condition held."""
        self._waiting.append(hearing)
        self.waiting_s += hearing.duration_s
        self._condition.notify()

    def _unqueue(self, hearing: SecondHearing) -> None:
        """Take it out of what waits. Call with the condition held."""
        self._waiting.remove(hearing)
        self.waiting_s -= hearing.duration_s

    def _shed(self, hearing: SecondHearing) -> None:
        """Give an utterance up. Call with the condition held."""
        self._unqueue(hearing)
        self._lost(hearing)

    def _lost(self, hearing: SecondHearing) -> None:
        """Use the stream's own final. Call with the condition held."""
        hearing.given_up = True
        finished = hearing.finished
        if finished is None:
            return
        if not self.shed_lately:
            log.warning("finals_shed", waiting_s=round(self.waiting_s, 1))
        self.shed += 1
        self._shed_at = time.monotonic()
        if self.replaces and finished.tells:
            self._loop.call_soon_threadsafe(hearing.leg.deliver, finished.first)
        self._over(hearing.leg)

    def _over(self, leg: SpeechLeg) -> None:
        """Note that one utterance of the leg is done. Call with the condition held."""
        self._unheard[leg] -= 1
        if not self._unheard[leg]:
            del self._unheard[leg]
            if (done := self._done.pop(leg, None)) is not None:
                done()

    def _next(self) -> SecondHearing | None:
        """Return the next one; None while there is none. Call with the condition held."""
        if self._latest_s is not None:
            oldest = time.monotonic() - self._latest_s
            for late in [each for each in self._waiting if each.times.given < oldest]:
                self._shed(late)
        if not self._waiting:
            return None
        chosen = max(
            self._waiting,
            key=lambda each: (each.finished is not None, each.leg.priority, -each.times.given),
        )
        self._unqueue(chosen)
        return chosen

    def _run(self) -> None:
        give_way()
        while True:
            with self._condition:
                hearing = None
                while not self._stopping and (self._held or (hearing := self._next()) is None):
                    self._condition.wait()
                if hearing is None:
                    return
                self._busy += 1
            heard = self._heard(hearing)
            with self._condition:
                self._busy -= 1
                if heard is None:
                    self._lost(hearing)
                elif not hearing.given_up:
                    hearing.heard = heard
                    if hearing.finished is not None:
                        self._tell(hearing, heard)

    def _heard(self, hearing: SecondHearing) -> Transcription | None:
        """Hear it; None when the recogniser fails."""
        hearing.times.begun = time.monotonic()
        try:
            return self.engine.hear(hearing.pcm, hearing.leg.rate)
        except Exception:
            # One utterance could not be heard; the others go on.
            log.exception("finals_failed", role=str(hearing.leg.role))
            return None
        finally:
            hearing.times.heard = time.monotonic()

    def _tell(self, hearing: SecondHearing, heard: Transcription) -> None:
        """Deliver the final of the second hearing, if it holds news. Call with the condition held."""
        self.heard += 1
        hearing.times.told = time.monotonic()
        if self._traced is not None:
            self._traced(hearing.times)
        if (again := self._second(hearing.finished, heard)) is not None:
            self._loop.call_soon_threadsafe(hearing.leg.deliver, again)
        self._over(hearing.leg)

    def _second(self, finished: Finished | None, heard: Transcription) -> Utterance | None:
        """Return the final of the second hearing; None when it holds no news."""
        if finished is None or (not heard.text and (not self.replaces or not finished.tells)):
            return None
        first = finished.first
        other = OtherTranscription(first.text, first.engine or "") if first.text else None
        return replace(
            first,
            text=heard.text,
            words=(),
            likely=heard.others,
            engine=self.engine.kind,
            other=other,
            again=not self.replaces and finished.tells,
        )
