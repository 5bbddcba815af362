"""Temper: a glad voice that is as raised as an angry one, on sounds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from kikimori.hearing.effort import EffortTracker
from kikimori.hearing.effort_model import TEMPER, EffortModel, TemperModel, shipped_model
from kikimori.hearing.features import measure
from kikimori.hearing.frames import BLOCK_FRAMES, block_samples
from kikimori.hearing.temper import TemperReading, TemperTracker, temper_of

Pcm = NDArray[np.int16]

RATE = 8000
WINDOW = 320
RAISED = 0.75


def sung(hz: NDArray[np.float64], change_s: float, gap_s: float = 0.0, seed: int = 1) -> Pcm:
    """Overtones of a pitch, `hz` at each sample, under two resonances that move to other places every `change_s`, with gaps."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(hz)) / RATE
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    at = np.arange(0, time[-1] + change_s, change_s)
    first, second = (
        np.interp(time, at, rng.uniform(low, high, len(at))) for low, high in ((350, 900), (1100, 2300))
    )
    wave = np.zeros(len(hz))
    for order in range(1, 24):
        tone = order * hz
        inside = (tone > 300) & (tone < 3400)
        gain = sum(peak / (1 + ((tone - place) / 150) ** 2) for place, peak in ((first, 1.0), (second, 0.6)))
        wave += inside * gain * np.sin(order * phase + order)
    if gap_s:
        wave *= (time % change_s) >= gap_s
    return np.asarray(wave / np.abs(wave).max() * 8000, dtype=np.int16)


def level(hz: float, seconds: float) -> NDArray[np.float64]:
    return np.full(round(seconds * RATE), hz)


def numbers_of(pcm: Pcm) -> dict[str, float]:
    size = block_samples(RATE)
    blocks = pcm[: len(pcm) // size * size].reshape(-1, size)
    sums = measure(blocks, np.ones((len(blocks), BLOCK_FRAMES), bool), RATE).sums
    return dict(zip(TEMPER, temper_of(sums.sum(axis=0, keepdims=True))[0].tolist(), strict=True))


def test_sounds_that_change_make_larger_steps_than_drawn_out_ones() -> None:
    drawn, cut = numbers_of(sung(level(200, 4), 0.6)), numbers_of(sung(level(200, 4), 0.08))
    assert cut["balance_step"] > 2 * drawn["balance_step"]
    assert cut["shape_step"] > 1.5 * drawn["shape_step"]


def test_gaps_make_short_pieces() -> None:
    whole, cut = numbers_of(sung(level(200, 6), 0.28)), numbers_of(sung(level(200, 6), 0.28, gap_s=0.12))
    assert 3 < cut["voiced_run"] < 8
    assert whole["voiced_run"] > 50


@pytest.mark.parametrize(("octaves", "share"), [(-1.0, (0.8, 1.0)), (1.0, (0.0, 0.2)), (0.0, (0.0, 0.05))])
def test_a_fall_of_the_pitch_is_one(octaves: float, share: tuple[float, float]) -> None:
    """An octave in a second is half a semitone in every window."""
    hz = 250 * 2.0 ** (octaves * 1.3 * np.arange(RATE) / RATE)
    assert share[0] <= numbers_of(sung(hz, 2.0))["falling"] <= share[1]


def test_a_gain_does_not_change_the_numbers() -> None:
    pcm = sung(level(180, 3), 0.15)
    loud, quiet = numbers_of(pcm), numbers_of((pcm * 0.2).astype(np.int16))
    assert loud == pytest.approx(quiet, abs=0.35)


def test_windows_of_other_legs_and_pauses_are_no_neighbours() -> None:
    """Every leg's sums are those that it has alone, and a pause ends a pair."""
    size = block_samples(RATE)
    legs = np.stack([sung(level(hz, 0.2), 0.1, seed=seed)[:size] for seed, hz in enumerate((150, 220, 330))])
    speech = np.ones((3, BLOCK_FRAMES), bool)
    together = measure(legs, speech, RATE).sums
    for leg in range(3):
        alone = measure(legs[leg : leg + 1], speech[:1], RATE).sums
        np.testing.assert_allclose(together[leg], alone[0], rtol=1e-4, atol=1e-4)
    parted = speech[:1].copy()
    parted[:, 2::4] = parted[:, 3::4] = False
    assert temper_of(measure(legs[:1], parted, RATE).sums)[0, TEMPER.index("balance_step")] == 0


def test_a_silent_leg_gives_finite_numbers() -> None:
    size = block_samples(RATE)
    sums = measure(np.zeros((2, size), np.int16), np.ones((2, BLOCK_FRAMES), bool), RATE).sums
    assert np.isfinite(temper_of(sums)).all()
    assert np.isfinite(temper_of(np.zeros_like(sums))).all()


def most_raised(pcm: Pcm, calm: Pcm, model: EffortModel | None = None) -> float:
    """Return the median probability of the last two seconds of `pcm` after `calm`."""
    tracker = EffortTracker(model)
    tracker.reserve(1)
    size = block_samples(RATE)
    heard = np.concatenate([calm, pcm])
    blocks = heard[: len(heard) // size * size].reshape(-1, 1, size)
    efforts = [
        tracker.update(np.zeros(1, np.intp), measure(block, np.ones((1, BLOCK_FRAMES), bool), RATE))
        for block in blocks
    ]
    return float(np.median([each.probability[0] for each in efforts[-10:]]))


def without_temper() -> EffortModel:
    model = shipped_model()
    none = {"least": 0.0, "most": 0.0}
    temper = model.temper
    return model.model_copy(
        update={
            "temper": temper.model_copy(
                update={
                    "stranger": temper.stranger.model_copy(update=none),
                    "known": temper.known.model_copy(update=none),
                    "flow": temper.flow.model_copy(update=none),
                }
            )
        }
    )


CALM = sung(level(140, 20), 0.25)
GLAD = sung(level(215, 6), 0.5)
ANGRY = sung(215 * (1 - 0.15 * (np.arange(6 * RATE) / RATE * 2.5 % 1)), 0.16, gap_s=0.04)


def test_a_raised_voice_that_is_drawn_out_is_taken_back() -> None:
    """Both are raised by effort alone; only the one that is cut up stays so."""
    assert min(most_raised(GLAD, CALM, without_temper()), most_raised(ANGRY, CALM, without_temper())) > RAISED
    assert most_raised(GLAD, CALM) < RAISED
    assert most_raised(ANGRY, CALM) > RAISED


def test_louder_and_brighter_at_the_same_pitch_is_no_raised_voice() -> None:
    """Recorded announcements follow each other so: another room, another level, the same voice."""
    bright = np.diff(sung(level(140, 6), 0.25, gap_s=0.02, seed=5).astype(np.float64), prepend=0.0)
    announced = np.asarray(bright / np.abs(bright).max() * 28000, dtype=np.int16)
    model = shipped_model()
    known = model.known.model_copy(
        update={
            "weight": tuple(
                0.0 if name == "pitch_missing" else weight
                for name, weight in zip(model.known.names, model.known.weight, strict=True)
            )
        }
    )
    assert most_raised(announced, CALM, model.model_copy(update={"known": known})) > RAISED
    assert most_raised(announced, CALM) < RAISED


def test_what_is_raised_teaches_no_calm_voice_whatever_its_temper() -> None:
    """A glad voice is not raised, and not calm: else it would hide the anger after it."""
    learnt = []
    for model in (shipped_model(), without_temper()):
        tracker = EffortTracker(model)
        tracker.reserve(1)
        size = block_samples(RATE)
        for block in np.concatenate([CALM, GLAD]).reshape(-1, 1, size):
            tracker.update(np.zeros(1, np.intp), measure(block, np.ones((1, BLOCK_FRAMES), bool), RATE))
        learnt.append(tracker._calm_s[0])
    assert learnt[0] == learnt[1]


def of_noise(model: EffortModel, over_calm_db: float) -> TemperReading:
    """Return what is made of a block of noise of 64 legs, each as loud over its calm voice."""
    tracker = TemperTracker(model)
    tracker.reserve(64)
    rng = np.random.default_rng(4)
    size = block_samples(RATE)
    noise = (rng.standard_normal((64, size)) * rng.uniform(30, 9000, (64, 1))).clip(-32768, 32767)
    sums = measure(noise.astype(np.int16), np.ones((64, BLOCK_FRAMES), bool), RATE).sums
    trust, over = rng.uniform(0, 1, 64).astype(np.float32), np.full(64, over_calm_db, np.float32)
    return tracker.update(np.arange(64), sums, np.ones(64, bool), trust, over)


def unbroken() -> EffortModel:
    model = shipped_model()
    return model.model_copy(update={"temper": model.temper.model_copy(update={"broken_weight": 0.0})})


def without_flow(model: EffortModel) -> EffortModel:
    flow = model.temper.flow.model_copy(update={"least": 0.0})
    return model.model_copy(update={"temper": model.temper.model_copy(update={"flow": flow})})


def test_temper_has_limits_and_of_a_known_voice_only_subtracts() -> None:
    temper = unbroken().temper
    found = of_noise(unbroken(), 0)
    assert found.stranger.min() >= temper.stranger.least
    assert found.stranger.max() <= temper.stranger.most
    assert found.known.min() >= temper.known.least + temper.flow.least
    assert found.known.max() <= 0
    assert temper.known.most == temper.flow.most == 0


def test_little_is_taken_of_a_voice_that_is_much_louder_than_when_calm() -> None:
    model = without_flow(unbroken())
    quiet, between, loud, louder = (of_noise(model, over_db).known for over_db in (-5, 4, 8, 15))
    assert quiet.min() < model.temper.least_louder
    assert (quiet <= between).all()
    assert (between <= loud).all()
    assert loud.min() == pytest.approx(model.temper.least_louder)
    np.testing.assert_array_equal(loud, louder)


def test_what_flows_is_not_angry_however_loud_it_is() -> None:
    """The joy of somebody who is much louder than when calm: only `flow` takes it back."""
    calm, glad, angry = (CALM * 0.2).astype(np.int16), GLAD, ANGRY
    model = shipped_model()
    assert most_raised(glad, calm, without_flow(model)) > RAISED
    assert most_raised(glad, calm) < RAISED
    assert most_raised(angry, calm) > RAISED


@pytest.mark.parametrize(("piece_s", "broken"), [(0.04, True), (0.24, False)])
def test_a_voice_in_short_pieces_loses_by_each_window_that_they_lack(piece_s: float, broken: bool) -> None:
    """Laughter: much of it has no pitch."""
    pcm = sung(level(220, 4), piece_s + 0.08, gap_s=0.08)
    size = block_samples(RATE)
    legs = pcm[: len(pcm) // size * size].reshape(-1, size)
    sums = measure(legs, np.ones((len(legs), BLOCK_FRAMES), bool), RATE).sums.sum(axis=0, keepdims=True)
    taken = []
    for model in (unbroken(), shipped_model()):
        tracker = TemperTracker(model)
        tracker.reserve(1)
        none = np.zeros(1, np.float32)
        taken.append(tracker.update(np.zeros(1, np.intp), sums, np.ones(1, bool), none, none))
    temper, run = shipped_model().temper, taken[0].numbers[0, TEMPER.index("voiced_run")]
    assert (run < temper.broken_run) == broken
    lost = max(temper.broken_run - run, 0) * temper.broken_weight
    assert taken[0].stranger[0] - taken[1].stranger[0] == pytest.approx(lost, abs=1e-4)
    assert taken[0].known[0] - taken[1].known[0] == pytest.approx(lost, abs=1e-4)


def test_a_slot_forgets_its_speaker() -> None:
    tracker = TemperTracker(shipped_model())
    tracker.reserve(2)
    size = block_samples(RATE)
    sums = measure(GLAD[: 2 * size].reshape(2, size), np.ones((2, BLOCK_FRAMES), bool), RATE).sums
    slots, speaking, trust = np.arange(2), np.ones(2, bool), np.full(2, 0.5, np.float32)
    first = tracker.update(slots, sums, speaking, trust, np.zeros(2, np.float32))
    tracker.learn(slots, first.numbers, np.ones(2, np.float32))
    tracker.reset(0)
    again = tracker.update(slots, sums, speaking, trust, np.zeros(2, np.float32))
    assert again.stranger[0] == first.stranger[0]
    assert again.stranger[1] != first.stranger[1] or again.known[1] != first.known[1]


def test_a_prior_of_another_length_is_no_model() -> None:
    temper = shipped_model().temper.model_dump()
    with pytest.raises(ValidationError, match="prior"):
        TemperModel.model_validate({**temper, "prior": temper["prior"][:-1]})
