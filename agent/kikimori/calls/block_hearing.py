"""The movement of waiting audio through hearing: blocks of all legs of a rate together, off the event loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import structlog

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.calls.lag import LagMeter
from kikimori.calls.recent_sound import NO_RECENT_SOUND
from kikimori.errors import place_of
from kikimori.hearing.bank import AcousticBank, AcousticResult
from kikimori.hearing.frames import BLOCK_FRAMES, BLOCK_S, RATES
from kikimori_core.model.evidence import EffortWindow

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Mapping

    from kikimori.calls.call import LiveCall
    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.leg import Block, LiveLeg
    from kikimori.calls.recent_sound import RecentSound
    from kikimori_core.model.evidence import Role

log = structlog.get_logger()


class BlockHearing:
    """Acoustic state of all legs, by rate. A failure in one leg's sound or one call stays with that call."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        recorder: CallRecorder = NO_RECORDER,
        recent: RecentSound = NO_RECENT_SOUND,
    ) -> None:
        """`recorder` is given every block, and what was heard in it; `recent` every block."""
        self.lag = LagMeter()
        self.frames_heard = 0
        self.behind_s = 0.0
        """Longest audio in s that waited besides the block taken, since `hear` began anew."""
        self._loop = loop
        self._recorder = recorder
        self._recent = recent
        self._banks = {rate: AcousticBank(rate) for rate in RATES}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hearing")
        self._stopped = False

    def open(self, rate: int) -> int:
        """Give a slot to a new leg. Raises ValueError for a rate that hearing does not know."""
        bank = self._banks.get(rate)
        if bank is None:
            raise ValueError(f"rate {rate} is none of {RATES}")
        return bank.open()

    def close(self, leg: LiveLeg) -> None:
        self._banks[leg.rate].close(leg.slot)

    def stop(self) -> None:
        """End the thread; waiting audio is not heard."""
        self._stopped = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def hear(self, legs: Mapping[int, list[LiveLeg]]) -> dict[LiveCall, None]:
        """Hear one block of every leg that has one; return the calls that got evidence."""
        touched: dict[LiveCall, None] = {}
        for rate, bank in self._banks.items():
            ready = [leg for leg in legs[rate] if leg.has_block]
            if not ready:
                continue
            self.behind_s = max(self.behind_s, max(leg.waiting_s for leg in ready) - BLOCK_S)
            blocks = [leg.take_block() for leg in ready]
            pcm = b"".join(block for _, block in blocks)
            self._recorder.sound(ready, pcm)
            self._recent.sound(ready, pcm)
            if any(leg.deaf for leg in ready):
                ready, blocks, pcm = _without_deaf(ready, blocks, touched)
                if not ready:
                    continue
            try:
                heard = await self._hear(bank, ready, pcm)
            except Exception as error:  # noqa: BLE001 - one leg's sound must not end the hearing of all
                if self._stopped:
                    break
                log.error("hearing_failed", legs=len(ready), error=type(error).__name__, at=place_of(error))
                await self._hear_each(bank, ready, blocks, touched)
            else:
                self._deliver(ready, blocks, heard, touched)
        return touched

    async def _hear(self, bank: AcousticBank, legs: list[LiveLeg], pcm: bytes) -> AcousticResult:
        slots = [leg.slot for leg in legs]
        return await self._loop.run_in_executor(self._thread, bank.hear, slots, pcm)

    async def _hear_each(
        self, bank: AcousticBank, legs: list[LiveLeg], blocks: list[Block], touched: dict[LiveCall, None]
    ) -> None:
        """Hear the legs one by one, as together they failed. One that fails alone is not heard any more."""
        for leg, block in zip(legs, blocks, strict=True):
            try:
                heard = await self._hear(bank, [leg], block[1])
            except Exception as error:  # noqa: BLE001 - the boundary of this leg's call
                if self._stopped:
                    return
                leg.give_up()
                leg.call.fail(error)
                touched[leg.call] = None
            else:
                self._deliver([leg], [block], heard, touched)

    def _deliver(
        self, legs: list[LiveLeg], blocks: list[Block], heard: AcousticResult, touched: dict[LiveCall, None]
    ) -> None:
        _without_distant(legs, heard)
        self._recorder.windows(legs, blocks, heard)
        for leg, (start_s, block), found in zip(legs, blocks, _by_leg(heard), strict=True):
            touched[leg.call] = None
            self.frames_heard += BLOCK_FRAMES
            self.lag.note(leg.lag_s())
            try:
                leg.recognise(start_s, block, passes=found.passes, closes=found.closes)
            except Exception as error:  # noqa: BLE001 - the boundary of this leg's call
                leg.call.fail(error)
            leg.show(
                speaks=found.known,
                level_db=found.level_db,
                over_calm_db=_or_none(found.over_calm_db),
                effort=found.probability,
                noise=found.noise,
            )
            window = found.window(leg.role, start_s)
            if window is not None:
                leg.call.observe(window)


class _LegResult(NamedTuple):
    """Result for one block of one leg: its row of `AcousticResult` and of `Efforts`. A named tuple: each leg has five a second."""

    passes: bool
    closes: bool
    noise: bool
    covered: bool
    known: bool
    speech_s: float
    level_db: float
    tilt_db: float
    over_calm_db: float
    tilt_over_calm_db: float
    pitch_over_calm_st: float
    probability: float

    def window(self, role: Role, start_s: float) -> EffortWindow | None:
        """Return the evidence of the block that begins at `start_s`; None where it is silent."""
        end_s = start_s + BLOCK_S
        if self.covered:
            # No speech, but no silence.
            return EffortWindow(role, start_s, end_s, 0.0, self.level_db, self.tilt_db, None, None, None, 0.0)
        if not self.known:
            return None
        over_calm = _or_none(self.over_calm_db)
        return EffortWindow(
            role,
            start_s,
            end_s,
            self.speech_s,
            self.level_db,
            self.tilt_db,
            over_calm,
            None if over_calm is None else self.tilt_over_calm_db,
            _or_none(self.pitch_over_calm_st),
            self.probability,
        )


def _by_leg(heard: AcousticResult) -> Iterator[_LegResult]:
    effort = heard.effort
    columns = (
        heard.passes,
        heard.closes,
        heard.noise,
        heard.covered,
        effort.known,
        effort.speech_s,
        effort.level_db,
        effort.tilt_db,
        effort.over_calm_db,
        effort.tilt_over_calm_db,
        effort.pitch_over_calm_st,
        effort.probability,
    )
    # Python's own numbers: one by one, numpy's take three times as long.
    return map(_LegResult, *(column.tolist() for column in columns))


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value


def _without_distant(legs: list[LiveLeg], heard: AcousticResult) -> None:
    """Take no effort from legs on which several people speak at a distance, and mark those with nobody else as noise."""
    for row, leg in enumerate(legs):
        if leg.speech is not None and leg.speech.distant:
            heard.effort.probability[row] = 0
            heard.noise[row] |= leg.speech.nobody


def _without_deaf(
    legs: list[LiveLeg], blocks: list[Block], touched: dict[LiveCall, None]
) -> tuple[list[LiveLeg], list[Block], bytes]:
    """Return what is still heard, with its joined sound: other legs are only recorded."""
    touched.update((leg.call, None) for leg in legs if leg.deaf)
    heard = [(leg, block) for leg, block in zip(legs, blocks, strict=True) if not leg.deaf]
    return [leg for leg, _ in heard], [block for _, block in heard], b"".join(pcm for _, (_, pcm) in heard)
