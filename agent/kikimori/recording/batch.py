"""Coding of sound and windows of many legs into records, with arrays instead of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori.recording.entries import CALL_SHIFT
from kikimori_core.journal.sound import PIECE
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.windows import (
    COVERED,
    MAX_ROWS,
    NOISE,
    SPEECH_KNOWN,
    WINDOW,
    encode_windows,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.recording.entries import SoundRound, WindowRound

_OF_SPEECH = (
    "tilt_db",
    "over_calm_db",
    "tilt_over_calm_db",
    "pitch_over_calm_st",
    "probability",
)
"""Columns that `Efforts` has under the same names; unknown where there is no speech."""


class BatchCoder:
    """Payloads of the rounds of one pass."""

    def __init__(self) -> None:
        self._coder = SoundCoder()

    def forget(self, call: int) -> None:
        """Drop what is known of a call that has ended."""
        self._coder.forget(call)

    def sound(self, rounds: list[SoundRound]) -> list[list[bytes | memoryview]]:
        """Return payloads of `SOUND` records in parts, one or more for each round: joining rounds would copy them."""
        payloads = []
        for each in rounds:
            heads, parts = _pieces(each)
            payloads += self._coder.encode_parts(heads, parts, laws=not each.wide)
        return payloads


def _pieces(entry: SoundRound) -> tuple[NDArray[np.void], list[bytes | memoryview]]:
    """Return the heads of a round's recorded blocks, and their sound."""
    keys = np.array(entry.keys, np.int64)
    recorded = keys >= 0
    samples = entry.row_lengths()
    heads = np.zeros(len(keys), PIECE)
    heads["call"], heads["leg"] = keys >> CALL_SHIFT, keys & 0xFFFF
    heads["position"], heads["samples"] = entry.positions, samples
    if recorded.all() and not entry.shorter:
        return heads, [entry.pcm]
    whole, size = memoryview(entry.pcm), entry.samples * 2
    rows = np.flatnonzero(recorded)
    return heads[rows], [whole[row * size : row * size + int(samples[row]) * 2] for row in rows.tolist()]


def windows(rounds: list[WindowRound]) -> list[bytes]:
    """Return payloads of `WINDOWS` records."""
    if not rounds:
        return []
    rows = np.concatenate([_rows(each) for each in rounds])
    return [encode_windows(rows[at : at + MAX_ROWS]) for at in range(0, len(rows), MAX_ROWS)]


def _rows(entry: WindowRound) -> NDArray[np.void]:
    heard, keys = entry.heard, np.array(entry.keys, np.int64)
    rows = np.zeros(len(keys), WINDOW)
    rows["call"], rows["leg"] = keys >> CALL_SHIFT, keys & 0xFFFF
    rows["start_s"] = entry.starts_s
    rows["flags"] = heard.effort.known * SPEECH_KNOWN | heard.noise * NOISE | heard.covered * COVERED
    rows["speech_s"], rows["level_db"] = heard.effort.speech_s, heard.effort.level_db
    for name in _OF_SPEECH:
        rows[name] = np.where(heard.effort.known, getattr(heard.effort, name), np.nan)
    return rows[keys >= 0]
