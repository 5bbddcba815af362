"""Journals on disk for tests: records of every kind, written by the real writer."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.events import CallBegun, CallEnded, LegOpened, Line
from kikimori_core.journal.framing import Kind, Record, SegmentHead, encode
from kikimori_core.journal.sound import PIECE
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.windows import WINDOW, encode_windows
from kikimori_core.journal.writing import SegmentWriter
from kikimori_core.wire.messages import Party
from kikimori_core.wire.values import Role

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
RUN = "0f3a"
AGENT = "office"
BLOCK = 1600
"""Samples of a leg in a `SOUND` record: 0.2 s."""


def head(first: int = 0, run: str = RUN) -> SegmentHead:
    return SegmentHead(AGENT, run, first, NOON)


def begun(call: int, number: str = "0312345678") -> CallBegun:
    return CallBegun(
        call=call,
        call_id=f"call-{call}",
        site="tokyo",
        agent_id=AGENT,
        run=RUN,
        tap="audiosocket",
        started_at=NOON,
        caller=Party(number=number, name="佐藤"),
        operator=Party(number="201", name="鈴木"),
        queue="claims",
    )


def line(call: int, text: str = "責任者を出せ") -> Line:
    words = ((text, 1.0, 2.0, 0.9),)
    return Line(
        call=call,
        role=Role.CUSTOMER,
        line_id=f"{call}-1",
        start_s=1.0,
        end_s=2.0,
        text=text,
        words=words,
    )


def sound_of(calls: int, position: int, noise: Random) -> bytes:
    """Return the payload of a `SOUND` record with a piece of noise for each call's leg 0."""
    pieces = np.zeros(calls, PIECE)
    pieces["call"], pieces["position"], pieces["samples"] = np.arange(calls), position, BLOCK
    (payload,) = SoundCoder().encode_batch(pieces, noise.randbytes(calls * BLOCK * 2))
    return payload


def windows_of(calls: int, start_s: float) -> bytes:
    rows = np.zeros(calls, WINDOW)
    rows["call"], rows["start_s"], rows["level_db"] = np.arange(calls), start_s, -30.5
    return encode_windows(rows)


def records(count: int, calls: int = 2, seed: int = 1) -> list[Record]:
    """Return the records of some calls: their begin, sound, windows and lines, and their end."""
    noise = Random(seed)  # noqa: S311 - repeatable
    said: list[tuple[Kind, bytes]] = []
    for call in range(calls):
        said.append((Kind.CALL_BEGUN, begun(call).to_payload()))
        said.append(
            (Kind.LEG_OPENED, LegOpened(call=call, leg=0, role=Role.CUSTOMER, rate=8000).to_payload())
        )
    ends = [(Kind.CALL_ENDED, CallEnded(call=call, ended_at=NOON).to_payload()) for call in range(calls)]
    round_ = 0
    while len(said) < count - len(ends):
        said.append((Kind.SOUND, sound_of(calls, round_ * BLOCK, noise)))
        said.append((Kind.WINDOWS, windows_of(calls, round_ * 0.2)))
        said.append((Kind.LINE, line(round_ % calls).to_payload()))
        round_ += 1
    whole = said[: count - len(ends)] + ends
    return [Record(number, kind, payload) for number, (kind, payload) in enumerate(whole)]


def frames(of: list[Record]) -> bytes:
    return b"".join(encode(each.number, each.kind, each.payload) for each in of)


def write(folder: Path, of: list[Record], *, max_bytes: int = 64 << 20) -> None:
    """Write the records one by one and close the last segment."""
    writer = SegmentWriter(folder, head(of[0].number), max_bytes=max_bytes, now=lambda: NOON)
    for each in of:
        writer.append(frames([each]), each.number, 1)
    writer.close()
