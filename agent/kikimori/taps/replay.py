"""Recordings as calls: mono, or stereo with the customer left and the operator right; in real time or as fast as heard."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from kikimori.errors import AudioFileError
from kikimori.media.resample import Resampler, hearing_rate
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from kikimori_core.model.feed import CallDesk, LegFeed

PIECE_S = 0.2
"""Audio handed over at once, in s: one block of hearing, so that evidence comes in the order of a live call."""

MONO = (Role.MIXED,)
STEREO = (Role.CUSTOMER, Role.OPERATOR)


class AudioRecording:
    """An open audio file of any format libsndfile reads."""

    def __init__(self, path: Path, file: soundfile.SoundFile, roles: Sequence[Role]) -> None:
        self.path = path
        self.roles = tuple(roles)
        self.rate: int = file.samplerate
        self.duration_s: float = file.frames / file.samplerate
        self._file = file

    def piece(self) -> list[bytes]:
        """Return the next `PIECE_S` of each channel as s16le, empty at the end. Blocks.

        Raises:
            AudioFileError: the file is broken here.
        """
        try:
            samples = self._file.read(round(PIECE_S * self.rate), dtype="int16", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise AudioFileError.of("recording_broken", path=self.path, error=error) from None
        return [np.ascontiguousarray(channel).tobytes() for channel in samples.T] if len(samples) else []


@contextmanager
def open_recording(path: Path, roles: Sequence[Role] | None = None) -> Iterator[AudioRecording]:
    """Open a recording. `roles` of its channels, left first; None = `MONO` or `STEREO`.

    Raises:
        AudioFileError: it is none, is empty, or has not as many channels as roles.
    """
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        reason = "no such file" if not path.exists() else getattr(error, "error_string", str(error))
        raise AudioFileError.of("recording_unreadable", path=path, reason=reason) from None
    with file:
        if roles is None:
            roles = MONO if file.channels == 1 else STEREO
        if file.channels != len(roles):
            raise AudioFileError.of("recording_channels", path=path, channels=file.channels, count=len(roles))
        if not file.frames:
            raise AudioFileError.of("recording_empty", path=path)
        yield AudioRecording(path, file, roles)


async def replay(
    recording: AudioRecording,
    desk: CallDesk,
    call: CallInfo,
    *,
    keys: Sequence[tuple[float, Role, str]] = (),
    settle: Callable[[], Awaitable[None]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Play a recording as one call.

    Args:
        recording: Read from where it stands to its end.
        desk: Where its legs are opened.
        call: What is known of the call.
        keys: Second, voice and digit of keys that were pressed on a telephone.
        settle: Awaited after every piece, until all of it was heard: as fast as possible. None = real time.
        progress: Told the seconds played so far.

    Raises:
        AudioFileError: the file is broken; its legs were closed.
    """
    rate = hearing_rate(recording.rate)
    feeds = [desk.open_leg(LegInfo(call, role, rate)) for role in recording.roles]
    resamplers = [Resampler(recording.rate, rate) if rate != recording.rate else None for _ in feeds]
    reason = EndReason.SHUTDOWN
    loop = asyncio.get_running_loop()
    began, played_s = loop.time(), 0.0
    pressed = sorted((key for key in keys if key[1] in recording.roles), reverse=True)
    try:
        while channels := await asyncio.to_thread(recording.piece):
            played_s += len(channels[0]) / 2 / recording.rate
            if settle is None:
                # A live tap has a piece when its last sample was spoken, not before.
                await asyncio.sleep(began + played_s - loop.time())
            for feed, resampler, pcm in zip(feeds, resamplers, channels, strict=True):
                feed.audio(resampler.feed(pcm) if resampler else pcm)
            while pressed and pressed[-1][0] <= played_s:
                _, role, digit = pressed.pop()
                feeds[recording.roles.index(role)].dtmf(digit)
            if progress is not None:
                progress(played_s)
            if settle is not None:
                await settle()
        _flush(feeds, resamplers)
        reason = EndReason.END_OF_FILE
    except AudioFileError:
        reason = EndReason.CONNECTION_LOST
        raise
    finally:
        for feed in feeds:
            feed.close(reason)
    if settle is not None:
        await settle()


def _flush(feeds: list[LegFeed], resamplers: list[Resampler | None]) -> None:
    for feed, resampler in zip(feeds, resamplers, strict=True):
        if resampler is not None:
            feed.audio(resampler.flush())
