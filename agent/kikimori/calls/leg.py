"""One leg's audio between the tap and hearing, and its place in media time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog

from kikimori.hearing.frames import BLOCK_FRAMES, SILENCE_DB, block_samples
from kikimori_core.wire.messages import LegLevel

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.call import LiveCall
    from kikimori.hearing.speech.pool import SpeechLeg
    from kikimori_core.model.call import EndReason, LegInfo

log = structlog.get_logger()

Block = tuple[float, bytes]
"""Media time at which it begins, and s16le audio."""

MOST_WAITING_S = 5.0
"""Longest audio in s that a leg may have waiting; beyond it the oldest blocks are dropped and counted."""

BEHIND_GAP_S = 1.0
"""Room in s that the silence of a gap leaves for the audio behind it, so that none before it is dropped."""

QUIET_BLOCK_MEANS_SILENT = 2
"""Blocks without speech (0.4 s) after which the speaker is shown as silent."""


class LiveLeg:
    """A `kikimori_core.model.feed.LegFeed`: the tap appends, the desk takes whole blocks.

    A bytearray is the whole buffer: appending costs a tenth of a microsecond and makes no object per frame.
    """

    def __init__(
        self,
        info: LegInfo,
        call: LiveCall,
        *,
        offset_s: float,
        slot: int,
        clock: Callable[[], float],
        most_waiting_s: float = MOST_WAITING_S,
    ) -> None:
        """`offset_s`: media time of the call at the leg's first sample; `clock`: the loop's time, to measure lag."""
        self.call = call
        self.role = info.role
        self.rate = info.rate
        self.slot = slot
        self.speech: SpeechLeg | None = None
        self.closed: EndReason | None = None
        self.deaf = False
        """True after hearing failed on this leg's sound; further audio is dropped, unless it is recorded."""
        self.dropped_frames = 0
        self.dropped_at: float | None = None
        """Time of the last dropped frame, by `clock`; None = none was dropped."""
        self.gap_samples = 0
        self.recorded_as = -1
        """Key of the leg in the record of its sound; -1 = its sound is not recorded."""
        self.taken_at = 0
        """Samples of the leg before the block taken last, those that never came or were dropped included."""
        self.padding = 0
        """Samples of silence that fill the leg's last block."""
        self._clock = clock
        self._anchor: float | None = None
        self._offset_s = offset_s
        self._block_bytes = block_samples(info.rate) * 2
        self._most_waiting_s = most_waiting_s
        # Whole blocks, so that a jump in time falls between two of them.
        self._most_bytes = int(most_waiting_s * info.rate) * 2 // self._block_bytes * self._block_bytes
        self._most_silence = max(self._most_bytes - int(BEHIND_GAP_S * info.rate) * 2, 0)
        self._waiting = bytearray()
        self._taken = 0
        """Samples up to which the leg was heard, those that never came or were dropped included."""
        self._passed = 0
        """Bytes that left the buffer."""
        self._jumps: deque[tuple[int, int]] = deque()
        """Gaps with no room in the buffer: bytes that leave it before, samples missing."""
        self._jumping = 0
        """Samples of all jumps ahead."""
        self._before: bytes = b""
        self._level_db = SILENCE_DB
        self._over_calm_db: float | None = None
        self._effort = 0.0
        self._noise = False
        self._quiet_blocks = QUIET_BLOCK_MEANS_SILENT

    # --- LegFeed

    def audio(self, pcm: bytes | bytearray | memoryview) -> None:
        if self._is_over:
            return
        if self._anchor is None:
            self._anchor = self._clock() - len(pcm) / 2 / self.rate
        self._waiting += pcm
        if len(self._waiting) > self._most_bytes:
            self._drop_oldest()

    def gap(self, samples: int) -> None:
        if self._is_over:
            return
        self.gap_samples += samples
        # Silence goes through hearing like any audio, so that an utterance ends and levels fall; as much of it as
        # there is room for, because nothing that was said may be dropped for it.
        waiting = len(self._waiting)
        room = max(self._most_silence - waiting, -waiting % self._block_bytes)
        silence = min(samples * 2, room)
        self.audio(bytes(silence))
        if rest := samples - silence // 2:
            self._jumps.append((self._passed + len(self._waiting), rest))
            self._jumping += rest

    def dtmf(self, digit: str) -> None:
        if not self.closed:
            self.call.digit(self.role, digit)

    def close(self, reason: EndReason) -> None:
        if self.closed is None:
            self.closed = reason
            # The last, incomplete block is heard too, filled up with silence.
            missing = -len(self._waiting) % self._block_bytes
            self._waiting += bytes(missing)
            self.padding = missing // 2
            log.info("leg_closed", call_id=self.call.call_id, role=str(self.role), reason=str(reason))

    # --- for the desk

    @property
    def has_block(self) -> bool:
        return len(self._waiting) >= self._block_bytes

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that were not heard yet."""
        return len(self._waiting) / 2 / self.rate

    @property
    def heard_s(self) -> float:
        """Media time up to which the leg was heard."""
        return self._offset_s + self._taken / self.rate

    @property
    def offset_s(self) -> float:
        """Media time of the call at the leg's first sample."""
        return self._offset_s

    @property
    def samples(self) -> int:
        """Samples of a leg that was heard to its end, those that never came or were dropped included."""
        return self._taken + self._jumping - self.padding

    @property
    def received_s(self) -> float:
        """Media time up to which audio has arrived."""
        return self.heard_s + (self._jumping + len(self._waiting) // 2) / self.rate

    @property
    def contiguous_to(self) -> int:
        """Number of the sample after the last that has arrived before a gap, counted in the leg."""
        return self._taken + self._contiguous // 2

    def waiting_pcm(self, start: int, stop: int) -> tuple[int, bytes]:
        """Return audio that waits, from sample `start` of the leg to before `stop`, up to a gap; it goes on waiting.

        Gives the number of its first sample, and s16le.
        """
        first = max(start - self._taken, 0)
        until = min(self._contiguous, max(stop - self._taken, 0) * 2)
        return self._taken + first, bytes(self._waiting[first * 2 : until])

    @property
    def _contiguous(self) -> int:
        """Bytes that wait before a gap; whole samples."""
        waiting = self._jumps[0][0] - self._passed if self._jumps else len(self._waiting)
        return waiting // 2 * 2

    def lag_s(self) -> float:
        """Return how long ago the last sample that was taken had come in, by the pace of the whole leg."""
        if self._anchor is None:
            return 0.0
        now = self._clock()
        lag = now - self._anchor - (self._taken + self._jumping) / self.rate
        if lag < 0:
            # The first packets were late, or the PBX's clock runs faster than ours: take the earliest as the pace.
            self._anchor += lag
            return 0.0
        return lag

    @property
    def _is_over(self) -> bool:
        """Return whether audio is of no use any more."""
        return self.closed is not None or (self.deaf and self.recorded_as < 0)

    def give_up(self) -> None:
        """Drop the audio that waits and all that follows, unless it is recorded."""
        self.deaf = True
        if self._is_over:
            self._waiting.clear()

    def take_block(self) -> Block:
        """Return the next block and the media time at which it begins."""
        start_s = self.heard_s
        self.taken_at = self._taken
        block = bytes(self._waiting[: self._block_bytes])
        self._remove(1)
        return start_s, block

    def recognise(self, start_s: float, block: bytes, *, passes: bool, closes: bool) -> None:
        """Give the block to the recogniser if it `passes`, after the block before it when speech begins here."""
        if self.speech is None:
            return
        if not passes:
            self._before = block
            return
        if self._before:
            self.speech.feed(self._before, start_s - len(self._before) / 2 / self.rate, closes=False)
            self._before = b""
        self.speech.feed(block, start_s, closes=closes)

    def show(
        self, *, speaks: bool, level_db: float, over_calm_db: float | None, effort: float, noise: bool = False
    ) -> None:
        """Keep the values for the level meter."""
        self._noise = noise
        self._quiet_blocks = 0 if speaks else self._quiet_blocks + 1
        if self.speaking or self._quiet_blocks == QUIET_BLOCK_MEANS_SILENT:
            self._level_db = level_db
        self._effort = effort if speaks else self._effort * 0.5
        if speaks:
            self._over_calm_db = over_calm_db

    @property
    def speaking(self) -> bool:
        return self._quiet_blocks < QUIET_BLOCK_MEANS_SILENT

    def level(self) -> LegLevel:
        return LegLevel(
            level_db=round(self._level_db, 1),
            speaking=self.speaking,
            over_calm_db=None if self._over_calm_db is None else round(self._over_calm_db, 1),
            effort=round(self._effort, 2),
            noise=self._noise,
        )

    def _remove(self, blocks: int) -> None:
        """Remove the first blocks from the buffer; media time goes on by them, and by a gap behind them."""
        size = blocks * self._block_bytes
        del self._waiting[:size]
        self._taken += size // 2
        self._passed += size
        while self._jumps and self._jumps[0][0] <= self._passed:
            samples = self._jumps.popleft()[1]
            self._taken += samples
            self._jumping -= samples

    def _drop_oldest(self) -> None:
        blocks = -(-(len(self._waiting) - self._most_bytes) // self._block_bytes)
        self._remove(blocks)
        if not self.dropped_frames:
            log.warning(
                "frames_dropped",
                call_id=self.call.call_id,
                role=str(self.role),
                waiting_s=self._most_waiting_s,
            )
        self.dropped_frames += blocks * BLOCK_FRAMES
        self.dropped_at = self._clock()
