"""Choice of the blocks that the recogniser is given."""

from __future__ import annotations

import numpy as np
import pytest

from kikimori.hearing.gate import SpeechGate


@pytest.mark.parametrize(
    ("speech_frames", "passes", "closes"),
    [
        ("0 0 0", "...", "..."),
        ("1 1 1", "...", "..."),
        ("2 0 0 0 0", "xxxx.", "...x."),
        ("9 0 0 9 0 0 0 0", "xxxxxxx.", "......x."),
        ("9 0 0 0 9 0 0 0 0", "xxxxxxxx.", "...x...x."),
    ],
)
def test_speech_and_enough_silence_after_it(speech_frames: str, passes: str, closes: str) -> None:
    gate = SpeechGate()
    gate.reserve(2)
    passed, closed = "", ""
    for frames in speech_frames.split():
        # The other leg is always silent and must stay closed.
        opens, ends = gate.update(np.array([1, 0]), np.array([int(frames), 0], np.float32))
        assert not opens[1]
        passed += "x" if opens[0] else "."
        closed += "x" if ends[0] else "."
    assert (passed, closed) == (passes, closes)


def test_a_new_leg_begins_closed() -> None:
    gate = SpeechGate()
    gate.reserve(1)
    gate.update(np.array([0]), np.array([9], np.float32))
    gate.reset(0)
    opens, _ = gate.update(np.array([0]), np.array([0], np.float32))
    assert not opens[0]
