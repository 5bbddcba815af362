"""Messages with sound: they come back as they were, and no bytes from outside do harm."""

from __future__ import annotations

import random

import pytest

from kikimori_core.wire.messages import Role
from kikimori_core.wire.sound_frames import (
    MOST_FRAME,
    MOST_SAMPLES,
    SoundFrame,
    SoundFrameError,
    SoundFrameKind,
    SoundPart,
    checked,
)

FRAMES = (
    SoundFrame(SoundFrameKind.LIVE, 0, (SoundPart(Role.CUSTOMER, 8000, 12_345, bytes(range(200))),)),
    SoundFrame(
        SoundFrameKind.PAST,
        7,
        (
            SoundPart(Role.OPERATOR, 16_000, 2**32 - 1, bytes(MOST_SAMPLES)),
            SoundPart(Role.MIXED, 8000, 0, b"\x01"),
        ),
    ),
    SoundFrame(SoundFrameKind.PAST_OVER, 2**32 - 1),
)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_message_comes_back(frame: SoundFrame) -> None:
    message = frame.to_bytes()
    assert SoundFrame.from_bytes(message) == frame
    assert checked(message) == (frame.kind, frame.listener)
    assert len(message) <= MOST_FRAME


def test_damaged_bytes_are_refused_or_read_alike() -> None:
    chance = random.Random(11)  # noqa: S311 - no secret
    whole = [each.to_bytes() for each in FRAMES]
    refused = 0
    for _ in range(4000):
        message = bytearray(chance.choice(whole)[: chance.randrange(500)])
        for _ in range(chance.randrange(4)):
            if message:
                message[chance.randrange(min(len(message), 30))] = chance.randrange(256)
        if chance.random() < 0.2:
            message = bytearray(chance.randbytes(chance.randrange(60)))
        try:
            read = SoundFrame.from_bytes(bytes(message))
        except SoundFrameError:
            refused += 1
            with pytest.raises(SoundFrameError):
                checked(bytes(message))
        else:
            assert read.to_bytes() == message
            assert checked(bytes(message)) == (read.kind, read.listener)
    assert 1000 < refused < 4000
    with pytest.raises(SoundFrameError):
        checked(bytes(MOST_FRAME + 1))
