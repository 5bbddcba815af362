"""All live calls, and the passage of their audio through hearing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.calls.block_hearing import BlockHearing
from kikimori.calls.call import LiveCall
from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.calls.leg import MOST_WAITING_S, LiveLeg
from kikimori.calls.recent_sound import NO_RECENT_SOUND
from kikimori.calls.ringing_desk import RingingDesk
from kikimori.hearing.frames import FRAME_S, RATES
from kikimori_core.judging.finding_counts import FindingCounts
from kikimori_core.judging.judge import CallJudge
from kikimori_core.model.call import CallInfo, EndReason, LegInfo
from kikimori_core.wire.messages import CallLevels, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kikimori.calls.call_observer import CallObserver
    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.recent_sound import RecentSound
    from kikimori.calls.settings import DeskSettings
    from kikimori.hearing.speech.pool import SpeechPool
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseFinder
    from kikimori_core.model.call import Role

log = structlog.get_logger()

TICK_S = 0.05
"""Interval in s between searches for whole blocks. A quarter of a block, so that it adds little to an alert's
delay."""

WORDS_BEHIND_S = 5.0
"""Longest backlog of recognition in s with which a desk with `patience_s` goes on hearing."""

SOUND_BEHIND_S = 0.6
"""Seconds of waiting audio, besides the block in hand, that are too much: three blocks."""

DROPS_SHOWN_S = 30.0
"""Seconds that dropped audio is shown as a problem."""

_REMEMBERED_CALLS = 10_000


class Desk:
    """A `kikimori_core.model.feed.CallDesk`. Use as `async with`, with `run` in a task for live audio."""

    def __init__(
        self,
        settings: DeskSettings,
        rules: Iterable[Rule],
        phrases: PhraseFinder,
        listener: CallObserver,
        speech: SpeechPool | None,
        clock: Callable[[], float] | None = None,
        *,
        met: Callable[[LiveCall], None] | None = None,
        accommodated: Callable[[str], bool] = lambda _call_id: False,
        ended: Callable[[str, EndReason], None] = lambda _call_id, _reason: None,
        recorder: CallRecorder = NO_RECORDER,
        recent: RecentSound = NO_RECENT_SOUND,
    ) -> None:
        """`clock`: seconds that place a leg that opens later; None = the loop's.

        `met` is called when the customer's channel of a call is known, or another one. `accommodated` says whether an
        earlier run left a call marked; `ended` is told of each call's end.
        """
        self.settings = settings
        self._offers = settings.offers()
        self.calls: dict[str, LiveCall] = {}
        self._rules = tuple(rules)
        self._phrases = phrases
        self._counts = FindingCounts()
        self._listener = listener
        self._speech = speech
        self._loop = asyncio.get_running_loop()
        self.hearing = BlockHearing(self._loop, recorder, recent)
        self._recorder = recorder
        self._clock = clock or self._loop.time
        self._met = met
        self._accommodated = accommodated
        self._ended_call = ended
        self._legs: dict[int, list[LiveLeg]] = {rate: [] for rate in RATES}
        self._ended: dict[str, int] = {}
        self._hearing = asyncio.Lock()
        self._closed = False
        self._frames_dropped = 0
        self._calls_begun = 0
        self._calls_failed = 0
        self.ringing = RingingDesk(settings, listener, self._judge, self._name, self._clock)
        self.ring, self.ring_over = self.ringing.ring, self.ringing.over

    # --- for taps

    def open_leg(self, info: LegInfo) -> LiveLeg:
        """Open a leg, and its call if this is the first. Raises ValueError for a rate hearing does not know."""
        slot = self.hearing.open(info.rate)
        call = self._call(info.call)
        # Rounded to frames: two legs opened together begin together, however long the code took in between.
        offset_s = round((self._clock() - call.opened_at) / FRAME_S) * FRAME_S if call.legs else 0.0
        leg = LiveLeg(
            info,
            call,
            offset_s=offset_s,
            slot=slot,
            clock=self._clock,
            most_waiting_s=max(MOST_WAITING_S, self.settings.patience_s),
        )
        if self._speech is not None:
            hears, done = partial(call.observe, leg=leg), partial(self._leg_done, leg)
            name = call.leg_names.next(info.role)
            leg.speech = self._speech.open(info.role, info.rate, hears, done, name=name)
        self._legs[info.rate].append(leg)
        channel = call.info.channel if call.legs else None
        call.leg_opened(leg, info.call)
        if self._met is not None and call.info.channel and call.info.channel != channel:
            self._met(call)
        log.info("leg_opened", call_id=call.call_id, role=str(info.role), rate=info.rate, tap=info.call.tap)
        return leg

    def held(self, call_id: str, *, on_hold: bool) -> None:
        call = self._by_asked_id(call_id)
        if call is not None:
            call.held(on_hold=on_hold)

    def key(self, call_id: str, role: Role, digit: str) -> None:
        call = self._by_asked_id(call_id)
        if call is not None:
            call.digit(role, digit)

    # --- for commands

    def find(self, call_id: str) -> LiveCall | None:
        return self.calls.get(call_id)

    # --- moving audio

    async def run(self) -> None:
        """Hear what has arrived, every 50 ms, until cancelled."""
        while True:
            began = self._loop.time()
            await self.hear_all()
            await asyncio.sleep(max(TICK_S - (self._loop.time() - began), 0.001))

    async def hear_all(self) -> None:
        """Hear all whole blocks that have arrived."""
        async with self._hearing:
            self.hearing.behind_s = 0.0
            while await self._hear_round():
                self._let_sound_go_first()
                await self._let_words_catch_up()
            self._let_sound_go_first()

    def _let_sound_go_first(self) -> None:
        """Hold recognition back while sound waits, unless the desk has patience: words are shed first."""
        if self._speech is not None and not self.settings.patience_s:
            self._speech.hold_back(held=self.hearing.behind_s > SOUND_BEHIND_S)
            self.hearing.behind_s = 0.0

    async def _let_words_catch_up(self) -> None:
        """Wait for recognition, if the desk has patience: see `DeskSettings.patience_s`."""
        if self._speech is None or not self.settings.patience_s:
            return
        while self._speech.waiting_s > WORDS_BEHIND_S:  # noqa: ASYNC110  (threads set no asyncio.Event)
            await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Hear and recognise everything that has arrived; for recordings, which can wait."""
        await self.hear_all()
        while self._speech is not None and not self._speech.idle:  # noqa: ASYNC110  (threads set no asyncio.Event)
            await asyncio.sleep(0.002)
        await asyncio.sleep(0)

    async def close(self, *, patience_s: float = 3.0) -> None:
        """End every call: hear what has arrived, finish the words within `patience_s`, close the alerts."""
        for legs in self._legs.values():
            for leg in list(legs):
                leg.close(EndReason.SHUTDOWN)
        try:
            async with asyncio.timeout(patience_s):
                await self.settle()
        except TimeoutError:
            log.warning("shutdown_words_lost", calls=len(self.calls))
        for call in list(self.calls.values()):
            self._end_call(call, EndReason.SHUTDOWN)
        self.ringing.close()
        # What was not heard by now never will be; whoever still runs `run` must find nothing to do.
        self._closed = True
        self.hearing.stop()

    # --- numbers

    def levels(self) -> dict[str, CallLevels]:
        return {call_id: call.levels() for call_id, call in self.calls.items()}

    def counters(self) -> dict[str, int]:
        waiting = sum(leg.dropped_frames for legs in self._legs.values() for leg in legs)
        return {
            "calls_begun": self._calls_begun,
            "calls_failed": self._calls_failed + sum(call.failed for call in self.calls.values()),
            "frames_heard": self.hearing.frames_heard,
            "frames_dropped": self._frames_dropped + waiting,
            "speech_shed_s": 0 if self._speech is None else round(self._speech.shed_s),
            **self.ringing.counters(),
            **self._counts.counters(),
            **self._finals_counters(),
        }

    def _finals_counters(self) -> dict[str, int]:
        finals = None if self._speech is None else self._speech.finals
        if finals is None:
            return {}
        return {
            "finals_heard": finals.heard,
            "finals_shed": finals.shed,
            "finals_waiting_s": round(finals.waiting_s),
        }

    def problems(self) -> tuple[Problem, ...]:
        """Say how many of the calls are not judged any more, and whether sound was lost lately."""
        return (*self._failed(), *self._dropping(), *self._shedding_finals())

    def _shedding_finals(self) -> tuple[Problem, ...]:
        finals = None if self._speech is None else self._speech.finals
        if finals is None or not finals.shed_lately:
            return ()
        return (Problem.of("finals_shed", shed=finals.shed),)

    def _dropping(self) -> tuple[Problem, ...]:
        since = self._clock() - DROPS_SHOWN_S
        dropping = sum(
            leg.dropped_at is not None and leg.dropped_at > since
            for legs in self._legs.values()
            for leg in legs
        )
        if not dropping:
            return ()
        return (Problem.of("sound_dropped", dropping=dropping),)

    def _failed(self) -> tuple[Problem, ...]:
        failed = sorted(call_id for call_id, call in self.calls.items() if call.failed)
        if not failed:
            return ()
        named = ", ".join(failed[:3]) + (", …" if len(failed) > 3 else "")
        return (Problem.of("judging_failed", count=len(failed), count_2=len(self.calls), named=named),)

    # --- inside

    def _call(self, info: CallInfo) -> LiveCall:
        asked_id = info.call_id
        info = replace(info, call_id=self._name(asked_id))
        call = self.calls.get(info.call_id)
        if call is None:
            judge, open_changes = self.ringing.answered(asked_id)
            call = LiveCall(
                info,
                asked_id,
                judge,
                self._listener,
                site=self.settings.site,
                agent_id=self.settings.agent_id,
                started_at=datetime.now(UTC),
                opened_at=self._clock(),
                words_heard=self._speech is not None,
                escalate_code=self.settings.escalate_code,
                offers=self._offers,
                run=self.settings.run,
                accommodated=self._accommodated(info.call_id),
                recorder=self._recorder,
                open_changes=open_changes,
            )
            self.calls[info.call_id] = call
            self._calls_begun += 1
        return call

    def _judge(self) -> CallJudge:
        return CallJudge(
            self._rules, self._phrases, words_heard=self._speech is not None, counts=self._counts
        )

    def _name(self, asked_id: str) -> str:
        """Return the call's own name: a repeated id is another call, with alerts of its own."""
        again = self._ended.get(asked_id, 0)
        return f"{asked_id}-{again + 1}" if again else asked_id

    def _by_asked_id(self, asked_id: str) -> LiveCall | None:
        return self.calls.get(self._name(asked_id))

    async def _hear_round(self) -> bool:
        """Hear one block of every leg that has one; False when none had."""
        if self._closed:
            return False
        touched = await self.hearing.hear(self._legs)
        for call in touched:
            call.advance()
        self._retire()
        return bool(touched)

    def _retire(self) -> None:
        """Remove legs that are closed and heard to the end; their words may still be on the way."""
        for legs in self._legs.values():
            for leg in [leg for leg in legs if leg.closed and not leg.has_block]:
                legs.remove(leg)
                self.hearing.close(leg)
                self._frames_dropped += leg.dropped_frames
                if leg.speech is not None:
                    leg.speech.close()
                else:
                    self._leg_done(leg)

    def _leg_done(self, leg: LiveLeg) -> None:
        call = leg.call
        call.leg_closed(leg)
        if not call.legs and self.calls.get(call.call_id) is call:
            self._end_call(call, leg.closed or EndReason.HUNG_UP)

    def _end_call(self, call: LiveCall, reason: EndReason) -> None:
        del self.calls[call.call_id]
        self._calls_failed += call.failed
        self._ended[call.asked_id] = self._ended.get(call.asked_id, 0) + 1
        while len(self._ended) > _REMEMBERED_CALLS:
            del self._ended[next(iter(self._ended))]
        call.end(datetime.now(UTC), reason)
        self._ended_call(call.call_id, reason)
        log.info("call_ended", call_id=call.call_id, reason=str(reason), heard_s=round(call.heard_s, 1))
