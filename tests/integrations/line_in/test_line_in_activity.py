"""Start and end of a call on a line that tells nothing but its sound."""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from pydantic import ValidationError

import kikimori_lab.demo
from kikimori.integrations.line_in.activity import Activity, Change
from kikimori.integrations.line_in.settings import ActivityTable

RATE = 8000
CALLS = sorted(
    (each for each in (files(kikimori_lab.demo) / "calls").iterdir() if each.name.endswith(".flac")),
    key=lambda each: each.name,
)

Sound = NDArray[np.float64]


def changes(
    sound: NDArray[np.int16], table: ActivityTable | None = None, piece: int = 160
) -> list[tuple[Change, float]]:
    """Feed channels × samples in pieces; return what changed at which second."""
    activity = Activity(table or ActivityTable(), len(sound), RATE)
    found = []
    for at in range(0, sound.shape[1], piece):
        found += [(each, (at + piece) / RATE) for each in activity.feed(sound[:, at : at + piece])]
    return found


def silence(seconds: float, channels: int = 1) -> NDArray[np.int16]:
    return np.zeros((channels, round(seconds * RATE)), dtype=np.int16)


def in_silence(sound: Sound) -> NDArray[np.int16]:
    """Two seconds of a quiet line, then the sound at a quarter of full scale."""
    return np.concatenate((silence(2), np.asarray(sound * 8000, dtype=np.int16)[None]), axis=1)


T = np.arange(RATE * 30) / RATE


def hertz(frequency: float) -> Sound:
    return np.asarray(np.sin(2 * np.pi * frequency * T))


def beat(on: float, off: float) -> Sound:
    return np.asarray(T % (on + off) < on, dtype=np.float64)


MACHINES = {
    "dial tone": hertz(400),
    "American dial tone": (hertz(350) + hertz(440)) / 2,
    "Japanese ringing": hertz(400) * (1 + hertz(16)) / 2 * beat(1, 2),
    "busy": hertz(400) * beat(0.5, 0.5),
    "American busy": (hertz(480) + hertz(620)) / 2 * beat(0.25, 0.25),
    "keys": (hertz(770) + hertz(1336)) / 2 * beat(0.1, 0.1),
    "fax": hertz(1100) * beat(0.5, 3),
    "hum": hertz(50),
    "hum with harmonics": np.clip(4 * hertz(50), -1, 1),
    "the bell's own voltage": hertz(20) * beat(1, 2),
    "faint noise": np.random.default_rng(1).standard_normal(len(T)) / 80,
}


@pytest.mark.parametrize("name", MACHINES)
def test_no_machine_begins_a_call(name: str) -> None:
    assert changes(in_silence(MACHINES[name])) == []


@pytest.mark.parametrize("call", CALLS, ids=lambda each: each.name)
def test_a_call_begins_with_its_first_words_and_ends_after_its_last(call: object) -> None:
    """Spoken calls: one call each, however long one party is silent, beginning within a second of the first word."""
    sound, rate = soundfile.read(BytesIO(call.read_bytes()), dtype="int16", always_2d=True)  # type: ignore[attr-defined]
    assert rate == RATE
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > 500) / RATE
    whole = np.concatenate((silence(3, 2), sound.T, silence(25, 2)), axis=1)
    (begin, began_s), (end, ended_s) = changes(whole)
    assert (begin, end) == (Change.BEGIN, Change.END)
    assert 0 < began_s - (3 + loud[0]) < 1.0
    assert ended_s == pytest.approx(3 + loud[-1] + ActivityTable().end_s, abs=1.5)


def test_busy_tone_does_not_keep_a_call() -> None:
    """The customer hung up; the handset is still off and hears the exchange."""
    sound, _ = soundfile.read(BytesIO(CALLS[0].read_bytes()), dtype="int16", always_2d=True)
    speech = sound[: 20 * RATE, 1][None]
    busy = np.asarray(MACHINES["busy"] * 8000, dtype=np.int16)[None]
    found = changes(np.concatenate((silence(1), speech, busy), axis=1))
    assert [each for each, _ in found] == [Change.BEGIN, Change.END]


def test_noise_that_stays_does_not_keep_a_call() -> None:
    """A line that begins to hiss may begin one call; the hiss does not keep it."""
    noise = np.random.default_rng(1).standard_normal(len(T)) / 4
    assert [each for each, _ in changes(in_silence(noise))] == [Change.BEGIN, Change.END]


def test_pieces_of_any_size_give_the_same() -> None:
    sound, _ = soundfile.read(BytesIO(CALLS[0].read_bytes()), dtype="int16", always_2d=True)
    whole = np.concatenate((sound.T[:, : 10 * RATE], silence(21, 2)), axis=1)
    found = [[each for each, _ in changes(whole, piece=piece)] for piece in (1, 137, 160, 100_000)]
    assert found == [[Change.BEGIN, Change.END]] * 4


def test_settings_that_never_begin_a_call_are_refused() -> None:
    with pytest.raises(ValidationError, match="begin_s is longer"):
        ActivityTable(begin_s=3, begin_within_s=2)
