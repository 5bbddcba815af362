"""Two clocks that differ: what is left out and put in, and where."""

from __future__ import annotations

import numpy as np
import pytest

from kikimori.media.pace import DRIFT_S, MOST_DRIFT_S, OVER_S, QUIET_PEAK, Pace, is_quiet

QUIET = bytes(320)
SPEECH = np.full(160, 8000, dtype="<i2").tobytes()


@pytest.mark.parametrize("peak", [QUIET_PEAK, -QUIET_PEAK])
def test_quiet_is_what_has_no_sample_beyond_the_peak(peak: int) -> None:
    assert is_quiet(np.array([0, peak, 0], dtype="<i2").tobytes())
    assert not is_quiet(np.array([0, peak + (1 if peak > 0 else -1)], dtype="<i2").tobytes())
    assert not is_quiet(np.array([-32768], dtype="<i2").tobytes())


def test_what_is_in_time_is_left_as_it_is() -> None:
    pace = Pace(0.0)
    for second in range(1000):
        jitter = 0.2 * (second % 3 - 1)
        assert pace.correction_s(jitter, float(second), QUIET) == 0


def test_a_fast_clock_is_corrected_where_nobody_speaks() -> None:
    pace = Pace(0.0)
    assert pace.correction_s(DRIFT_S + 0.02, 600.0, SPEECH) == 0
    assert pace.correction_s(DRIFT_S + 0.02, 600.1, QUIET) == pytest.approx(DRIFT_S + 0.02)


def test_a_fast_clock_is_corrected_in_speech_too_before_it_is_far_off() -> None:
    pace = Pace(0.0)
    assert pace.correction_s(MOST_DRIFT_S + 0.02, 6000.0, SPEECH) > 0


def test_a_burst_at_the_beginning_is_no_fast_clock() -> None:
    """A PBX may send at once what had waited: nothing of that is left out."""
    pace = Pace(0.0)
    assert pace.correction_s(4.0, 1.0, QUIET) == 0


def test_a_slow_clock_is_corrected_when_it_was_behind_all_the_time() -> None:
    pace = Pace(0.0)
    corrections = [pace.correction_s(-0.5, step * 0.1, QUIET) for step in range(round(OVER_S * 10) + 1)]
    assert corrections[-1] == pytest.approx(-0.5)
    assert not any(corrections[:-1])


def test_a_late_piece_among_punctual_ones_is_no_slow_clock() -> None:
    pace = Pace(0.0)
    for step in range(600):
        behind = 0.0 if step % 50 == 0 else -1.0
        assert pace.correction_s(behind, step * 0.1, QUIET) == 0


def test_what_was_late_and_came_in_the_middle_of_a_word_is_no_slow_clock() -> None:
    pace = Pace(0.0)
    for step in range(round(OVER_S * 10) + 1):
        assert pace.correction_s(-0.5, step * 0.1, SPEECH) == 0
    assert pace.correction_s(0.0, OVER_S + 0.2, SPEECH) == 0
    assert pace.correction_s(0.0, OVER_S + 0.3, QUIET) == 0


def test_a_slow_clock_waits_for_the_end_of_the_word() -> None:
    pace = Pace(0.0)
    for step in range(200):
        assert pace.correction_s(-0.5, step * 0.1, SPEECH) == 0
    assert pace.correction_s(-0.5, 20.0, QUIET) == pytest.approx(-0.5)
