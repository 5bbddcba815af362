"""Capture file as calls, as fast as they are heard: a trial of an office without root rights."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.pcapfile import frames
from kikimori_core.messages import text
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from pathlib import Path

    from kikimori.integrations.mirror.pcapfile import Frame
    from kikimori.integrations.mirror.settings import MirrorTable
    from kikimori.taps.sides import SidesTable
    from kikimori_core.model.feed import CallDesk

PIECE_S = 0.2
"""Capture time in s between two rounds of hearing: one block of it."""

_ADVANCE_S = 0.04


class CaptureClock:
    """The time of the capture, for a desk that places its legs by it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def replay_capture(
    path: Path,
    desk: CallDesk,
    table: MirrorTable,
    sides: SidesTable,
    *,
    clock: CaptureClock | None = None,
    settle: Callable[[], Awaitable[None]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> CallCapture:
    """Play a capture to its end; a call that has not ended then ends with it.

    Args:
        path: pcap or pcapng.
        desk: Where legs are opened.
        table: `[mirror]`; `enabled` and `interface` do not matter.
        sides: Who is the customer.
        clock: Set to the capture's time as it goes on.
        settle: Awaited after every `PIECE_S` until all of it was heard.
        progress: Told the seconds played so far.

    Returns:
        The capture of calls, for its counters.

    Raises:
        AudioFileError: no capture, or a broken one; its legs were closed.
    """
    clock = clock or CaptureClock()
    capture = CallCapture(desk, table, sides)
    source = frames(path)
    began: float | None = None
    heard_to = 0.0
    try:
        while batch := await asyncio.to_thread(_batch, source):
            for link_type, time, data in batch:
                if began is None:
                    began = capture.now = heard_to = time
                # A pause of the capture is walked through, so that time goes on in the calls.
                while capture.calls.live and time - capture.now > _ADVANCE_S:
                    clock.now = capture.now + _ADVANCE_S
                    capture.advance(clock.now)
                    if capture.now - heard_to >= PIECE_S:
                        heard_to = capture.now
                        await _pause(settle)
                clock.now = max(clock.now, time)
                capture.frame(link_type, data, time)
                if time - heard_to >= PIECE_S:
                    heard_to = time
                    capture.advance(time)
                    await _pause(settle)
                    if progress is not None:
                        progress(time - began)
    finally:
        capture.close(EndReason.END_OF_FILE)
    if settle is not None:
        await settle()
    return capture


COUNTED = (
    *("calls_not_heard", "calls_encrypted", "calls_unreadable_codec", "sip_tls_packets", "truncated_packets"),
    *("tunnelled_packets", "tunnels_unread", "rtp_without_call"),
)
"""Counters of which a person is told where they are not 0."""


def summary(counters: dict[str, int], codecs: Iterable[str] = ()) -> list[str]:
    """Tell a person what a capture held, and why some of it could not be heard; `codecs`: those that cannot be read."""
    told: list[str] = [
        text("capture_calls", count=counters["calls"]),
        text(
            "capture_packets",
            frames=counters["frames"],
            sip=counters["sip_messages"],
            rtp=counters["rtp_packets"],
        ),
    ]
    used = text("capture_codecs", codecs=", ".join(sorted(codecs))) if codecs else ""
    told += [text(f"capture.{name}", count=counters[name], used=used) for name in COUNTED if counters[name]]
    if not counters["sip_messages"]:
        told.append(text("capture_no_sip"))
    elif counters["calls"] and not counters["rtp_packets"]:
        told.append(text("capture_no_audio"))
    return told


def _batch(source: Iterator[Frame]) -> list[Frame]:
    return [frame for _, frame in zip(range(500), source, strict=False)]


async def _pause(settle: Callable[[], Awaitable[None]] | None) -> None:
    if settle is None:
        await asyncio.sleep(0)
    else:
        await settle()
