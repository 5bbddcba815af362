"""Channels of a call's sound: legs placed at their media time, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.sound import pcm_of
from kikimori_core.wire.messages import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_records.journals.gathered import GatheredCall, GatheredLeg, OpenFiles

WIDE = 16000
BLOCK_S = 30
"""Seconds of sound in memory at a time."""


@dataclass(frozen=True, slots=True)
class PlacedLeg:
    """A leg in the file: its sample `p` is the file's sample `start + p * step`, on these channels."""

    leg: GatheredLeg
    start: int
    step: int
    channels: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + self.leg.end * self.step


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """Shape of a call's sound file."""

    rate: int
    channels: tuple[str, ...]
    """Role of each channel."""
    legs: dict[int, PlacedLeg]

    @property
    def samples(self) -> int:
        """Return the length in samples of a channel."""
        return max((each.end for each in self.legs.values()), default=0)


def plan_channels(call: GatheredCall) -> ChannelPlan:
    """Return the plan: customer left, operator right; one channel where every leg is mixed.

    16,000 samples a second if any leg with sound has them. A mixed leg beside others is on both channels, a leg of a role
    that this version does not know on the right one.
    """
    sounding = {key: each for key, each in call.legs.items() if len(each.pieces)}
    rate = max((each.opened.rate for each in sounding.values()), default=WIDE)
    roles = {each.opened.role for each in sounding.values()}
    names = (str(Role.MIXED),) if roles == {Role.MIXED} else (str(Role.CUSTOMER), str(Role.OPERATOR))
    legs = {}
    for key, each in sounding.items():
        step = rate // each.opened.rate
        if len(names) == 1:
            channels: tuple[int, ...] = (0,)
        elif each.opened.role == Role.MIXED:
            channels = (0, 1)
        else:
            channels = (0,) if each.opened.role == Role.CUSTOMER else (1,)
        legs[key] = PlacedLeg(each, round(each.opened.offset_s * rate), step, channels)
    return ChannelPlan(rate, names, legs)


def blocks_of(plan: ChannelPlan, paths: list[Path], files: OpenFiles) -> Iterator[NDArray[np.int16]]:
    """Give the sound in blocks of shape (samples, channels). Raises OSError, JournalError."""
    size = BLOCK_S * plan.rate
    for begin in range(0, plan.samples, size):
        end = min(begin + size, plan.samples)
        mixed = np.zeros((end - begin, len(plan.channels)), np.int32)
        for placed in plan.legs.values():
            first, last = max(begin, placed.start), min(end, placed.end)
            if first >= last:
                continue
            part = _of_leg(placed, first, last, paths, files)
            for channel in placed.channels:
                mixed[first - begin : last - begin, channel] += part
        yield np.clip(mixed, -32768, 32767).astype(np.int16)


def _of_leg(
    placed: PlacedLeg, first: int, last: int, paths: list[Path], files: OpenFiles
) -> NDArray[np.int16]:
    """Return a leg's sound of the file's samples `first` to `last`.

    Of a leg of half the rate every second sample is the leg's own, unchanged; the one between is the mean of both.
    """
    if placed.step == 1:
        return _samples(placed.leg, first - placed.start, last - placed.start, paths, files)
    begin, end = (first - placed.start) // 2, (last - placed.start) // 2 + 2
    own = _samples(placed.leg, begin, end, paths, files).astype(np.int32)
    doubled = np.empty(2 * len(own) - 1, np.int16)
    doubled[::2] = own
    doubled[1::2] = (own[:-1] + own[1:]) >> 1
    skip = first - placed.start - 2 * begin
    return doubled[skip : skip + last - first]


def _samples(
    leg: GatheredLeg, begin: int, end: int, paths: list[Path], files: OpenFiles
) -> NDArray[np.int16]:
    """Return a leg's samples from one position to another; zeros where there is no sound."""
    made = np.zeros(end - begin, np.int16)
    ends = leg.pieces["position"] + leg.pieces["samples"]
    at = int(np.searchsorted(ends, begin, side="right"))
    to = int(np.searchsorted(leg.pieces["position"], end, side="left"))
    for encoding, position, samples, data in _stretches(leg.pieces[at:to], paths, files):
        pcm = np.frombuffer(pcm_of(encoding, samples, data), "<i2")
        skip = max(begin - position, 0)
        part = pcm[skip : end - position]
        place = position + skip - begin
        made[place : place + len(part)] = part
    return made


def _stretches(
    pieces: NDArray[np.void], paths: list[Path], files: OpenFiles
) -> Iterator[tuple[int, int, int, bytes]]:
    """Give encoding, position, samples and bytes of pieces that follow each other in one encoding, as one; no silence."""
    law, begin, end, parts = -1, 0, 0, list[bytes]()
    for file, offset, encoding, width, position, samples in pieces.tolist():
        if not width:
            continue
        if parts and (encoding != law or position != end):
            yield law, begin, end - begin, b"".join(parts)
            parts = []
        if not parts:
            law, begin = encoding, position
        parts.append(files.read(paths[file], samples * width, offset))
        end = position + samples
    if parts:
        yield law, begin, end - begin, b"".join(parts)
