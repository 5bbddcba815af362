"""A stream without time stamps, over hours: media time stays with the clock, and nothing that was said is lost."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.recorder import Recorder

from kikimori.integrations.freeswitch.tap.voices import Voices
from kikimori.taps.streamed_leg import FLOOD_S, FloodError, StreamedLeg
from kikimori_core.model.call import CallInfo, Role

CALL = CallInfo(call_id="c", tap="audiosocket")
RATE = 8000
PIECE_S = 0.1
PIECE = round(PIECE_S * RATE)
SPEECH = np.full(PIECE, 8000, dtype="<i2").tobytes()
QUIET = bytes(PIECE * 2)
TWO_HOURS_S = 7200


@pytest.mark.parametrize("speed", [1.001, 0.999])
def test_a_clock_that_is_off_by_a_thousandth_for_two_hours(speed: float) -> None:
    desk = Recorder()
    leg = StreamedLeg(desk, CALL, Role.CUSTOMER, RATE, 0.0)
    said = 0
    pieces = round(TWO_HOURS_S * speed / PIECE_S)
    for number in range(pieces):
        now = (number + 1) * PIECE_S / speed
        speaks = number % 40 < 30
        said += speaks
        leg.audio(SPEECH if speaks else QUIET, now)
        recorded = desk.legs[0]
        media_s = (len(recorded.pcm) // 2 + recorded.gap_samples) / RATE
        assert abs(media_s - now) < 0.8
    heard = np.frombuffer(bytes(desk.legs[0].pcm), "<i2")
    assert np.count_nonzero(heard) == said * PIECE


def test_both_voices_of_a_stereo_stream_are_put_right_together() -> None:
    desk = Recorder()
    voices = Voices(desk, CALL, (Role.CUSTOMER, Role.OPERATOR), RATE)
    both = bytes(PIECE * 4)
    now = 0.0
    for number in range(round(1800 / PIECE_S)):
        now = (number + 1) * PIECE_S / 1.001
        voices.feed(both, now)
    lengths = {len(leg.pcm) // 2 + leg.gap_samples for leg in desk.legs}
    assert len(lengths) == 1
    assert abs(lengths.pop() / RATE - now) < 0.5


def test_what_comes_late_after_all_is_no_flood() -> None:
    """The network stands still; the gap was told; then everything comes at once."""
    desk = Recorder()
    leg = StreamedLeg(desk, CALL, Role.CUSTOMER, RATE, 0.0)
    leg.audio(SPEECH, PIECE_S)
    stalled_s = FLOOD_S * 3
    leg.check(stalled_s)
    assert desk.legs[0].gap_samples > 0
    for _ in range(round(stalled_s / PIECE_S)):
        leg.audio(SPEECH, stalled_s)
    leg.audio(SPEECH, stalled_s + PIECE_S)


def test_a_peer_that_sends_faster_than_time_is_a_flood_all_the_same() -> None:
    leg = StreamedLeg(Recorder(), CALL, Role.CUSTOMER, RATE, 0.0)
    with pytest.raises(FloodError):
        _send_at_twice_the_speed(leg, 1000)


def _send_at_twice_the_speed(leg: StreamedLeg, pieces: int) -> None:
    for number in range(pieces):
        leg.audio(QUIET, number * PIECE_S / 2)
