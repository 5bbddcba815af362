"""Features and judgement of vocal effort, on sounds whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import kikimori_models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support.told import PHRASES

from kikimori.config import AgentConfig
from kikimori.hearing.bank import AcousticBank, AcousticResult
from kikimori.hearing.effort import EffortTracker, vector_of
from kikimori.hearing.effort_model import VECTOR, VOICE, EffortModel, shipped_model
from kikimori.hearing.features import AT, SUMS, WINDOWS, measure
from kikimori.hearing.frames import BLOCK_FRAMES, BLOCK_S, block_samples
from kikimori.hearing.vad import VoiceDetector, mark_speech
from kikimori.hearing.voice import NOISE_AFTER_S, PITCH_WITHIN_S, UNDECIDED, VoiceTracker
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.call import Role
from kikimori_lab.demo.script import load_calls
from kikimori_lab.evaluation.recordings import effort_window
from kikimori_training.effort.sounds import SOUNDS
from kikimori_training.noise_calls import decoded
from kikimori_training.telephone import Law

Pcm = NDArray[np.int16]

LIKELY_A_VOICE = 0.5


def buzz(hz: float, seconds: float = 2.0, rate: int = 8000, from_hz: float = 300, gain: float = 0.2) -> Pcm:
    """Overtones of `hz` from 300 to 3400 Hz, as a telephone leaves them: the fundamental is missing."""
    time = np.arange(round(seconds * rate)) / rate
    orders = np.arange(1, int(3400 / hz) + 1)
    orders = orders[orders * hz >= from_hz]
    wave = np.sum([np.sin(2 * np.pi * hz * n * time + n) / n for n in orders], axis=0)
    return np.asarray(wave / np.abs(wave).max() * gain * 32767, dtype=np.int16)


def sums_of(pcm: Pcm, rate: int = 8000) -> NDArray[np.float32]:
    """All of it taken for speech."""
    size = block_samples(rate)
    blocks = pcm[: len(pcm) // size * size].reshape(-1, size)
    return measure(blocks, np.ones((len(blocks), BLOCK_FRAMES), bool), rate).sums


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("hz", [80, 110, 150, 220, 300, 400])
def test_pitch_without_its_fundamental(hz: float, rate: int) -> None:
    total = sums_of(buzz(hz, rate=rate), rate).sum(axis=0)
    assert total[AT["voiced"]] == total[AT["windows"]]
    semitones = total[AT["pitch"]] / total[AT["voiced"]]
    assert 200 * 2 ** (semitones / 12) == pytest.approx(hz, rel=0.03)


def test_pitch_in_noise_and_none_in_noise_alone() -> None:
    noise = np.random.default_rng(3).standard_normal(16000) * 600
    noisy = sums_of((buzz(150) + noise).astype(np.int16)).sum(axis=0)
    assert noisy[AT["voiced"]] > 0.9 * noisy[AT["windows"]]
    assert noisy[AT["pitch"]] / noisy[AT["voiced"]] == pytest.approx(12 * np.log2(150 / 200), abs=0.5)
    alone = sums_of(noise.astype(np.int16)).sum(axis=0)
    assert alone[AT["voiced"]] < 0.15 * alone[AT["windows"]]


@given(st.floats(-20, 12))
@settings(max_examples=20, deadline=None)
def test_a_gain_changes_the_level_and_nothing_else(gain_db: float) -> None:
    quiet = buzz(180, 1.0, gain=0.1)
    loud = (quiet.astype(np.float64) * 10 ** (gain_db / 20)).astype(np.int16)
    one, level = vector_of(sums_of(quiet).sum(axis=0, keepdims=True))
    other, louder = vector_of(sums_of(loud).sum(axis=0, keepdims=True))
    assert louder[0] - level[0] == pytest.approx(gain_db, abs=0.3)
    np.testing.assert_allclose(one, other, atol=0.4)


def test_clipping_and_rhythm_are_counted() -> None:
    square = (np.sign(np.sin(np.arange(16000) * 0.2)) * 32767).astype(np.int16)
    assert sums_of(square)[:, AT["clipped"]].sum() == 10 * WINDOWS
    time = np.arange(8000 * 4) / 8000
    syllables = buzz(150, 4.0) * (0.15 + 0.85 * np.sin(np.pi * 4 * time) ** 2)
    vector, _ = vector_of(sums_of(syllables.astype(np.int16)).sum(axis=0, keepdims=True))
    assert vector[0, VECTOR.index("rate")] == pytest.approx(4, abs=1.5)


def test_sums_of_nothing_are_finite() -> None:
    vector, level = vector_of(np.zeros((3, len(SUMS)), np.float32))
    assert np.isfinite(vector).all()
    assert np.isfinite(level).all()


def customer(name: str) -> Pcm:
    [call] = [each for each in load_calls() if each.name == name]
    return call.voices[Role.CUSTOMER]


def raised_share(pcm: Pcm, bank: AcousticBank | None = None) -> tuple[float, float]:
    """Share of blocks with a voice that count as raised, and share of blocks with a voice."""
    bank = bank or AcousticBank(8000)
    slot = bank.open()
    size = block_samples(8000)
    efforts = [
        bank.hear([slot], pcm[at : at + size].tobytes()).effort for at in range(0, len(pcm) - size + 1, size)
    ]
    known = np.array([each.known[0] for each in efforts])
    raised = np.array([each.probability[0] >= 0.75 for each in efforts])
    return float((raised & known).sum() / max(known.sum(), 1)), float(known.mean())


@pytest.mark.parametrize("gain_db", [-18, 0, 6])
def test_a_louder_line_makes_no_shout(gain_db: float) -> None:
    calm = customer("loud-elder").astype(np.float64) * 10 ** (gain_db / 20)
    share, _ = raised_share(np.clip(calm, -32768, 32767).astype(np.int16))
    assert share < 0.03
    shout, _ = raised_share(
        (customer("shout-from-start") * 10 ** (gain_db / 20)).clip(-32768, 32767).astype(np.int16)
    )
    assert shout > 0.5


def test_the_calm_voice_is_learnt_and_a_shout_is_not() -> None:
    bank = AcousticBank(8000)
    raised_share(customer("shout-from-start"), bank)
    tracker = bank._effort
    # Fourteen seconds of shouting taught less than a second and a half of calm voice would.
    assert tracker._calm_s[0] < shipped_model().calm_known_s
    again = AcousticBank(8000)
    raised_share(customer("calm-enquiry"), again)
    assert again._effort._calm_s[0] > 6


@pytest.fixture(scope="module")
def sounds() -> dict[str, Pcm]:
    # Seeds that were not trained with.
    return {
        f"{name}-{seed}": (make(30.0, seed) * 32767).astype(np.int16)
        for name, make in SOUNDS.items()
        for seed in (1, 2, 3)
    }


def test_nobody_speaks_in_music_tones_keys_fax_and_barking(sounds: dict[str, Pcm]) -> None:
    """After the first second, which everybody is given; a fax changes its noise now and then."""
    shares = {name: raised_share(pcm)[1] for name, pcm in sounds.items()}
    assert {name: share for name, share in shares.items() if share > (0.3 if "fax" in name else 0.06)} == {}


def white_noise(level_db: float, seconds: float = 30.0, rate: int = 8000) -> Pcm:
    noise = np.random.default_rng(11).standard_normal(round(seconds * rate)) * 32767 * 10 ** (level_db / 20)
    return noise.clip(-32768, 32767).astype(np.int16)


def heard_of(pcm: Pcm, rate: int = 8000) -> list[AcousticResult]:
    bank = AcousticBank(rate)
    slot, size = bank.open(), block_samples(rate)
    return [bank.hear([slot], pcm[at : at + size].tobytes()) for at in range(0, len(pcm) - size + 1, size)]


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("level_db", [-30, -20, -10])
def test_noise_is_never_raised_and_no_voice_after_ten_seconds(level_db: float, rate: int) -> None:
    heard = heard_of(white_noise(level_db, rate=rate), rate)
    assert max(float(each.effort.probability[0]) for each in heard) == 0
    # The voice detector takes only part of it for sound, and the gate closes a little later.
    late = heard[round(1.5 * PITCH_WITHIN_S / BLOCK_S) :]
    assert not any(each.effort.known[0] or each.passes[0] for each in late)


def test_noise_after_a_voice_is_not_raised_either() -> None:
    """The rest of the voice in the window is over within a second of sound."""
    calm = customer("calm-enquiry")
    calm = calm[: len(calm) // block_samples(8000) * block_samples(8000)]
    after = heard_of(np.concatenate([calm, white_noise(-30)]))[len(calm) // block_samples(8000) :]
    raised = sum(float(each.effort.speech_s[0]) for each in after if each.effort.probability[0] >= 0.75)
    assert raised < 1.2


def test_a_voice_is_heard_again_at_once_after_noise() -> None:
    noise, shout = white_noise(-30), customer("shout-from-start")
    after = heard_of(np.concatenate([noise, shout]))[len(noise) // block_samples(8000) :]
    alone = heard_of(shout)
    assert sum(each.passes[0] for each in after) >= sum(each.passes[0] for each in alone)
    assert sum(each.effort.probability[0] >= 0.75 for each in after) > 0.8 * sum(
        each.effort.probability[0] >= 0.75 for each in alone
    )


@pytest.mark.parametrize("law", [Law.MU, Law.A])
def test_ciphertext_taken_for_g711_never_alerts_and_is_named_noise(law: Law) -> None:
    """A gateway that does not decrypt: bytes without any order, then the call itself."""
    noise = decoded(np.random.default_rng(7).bytes(90 * 8000), law)
    heard = heard_of(np.concatenate([noise, customer("shout-from-start")]))
    blocks = len(noise) // block_samples(8000)
    judge = CallJudge(load_rules(AgentConfig().rule_files()), PHRASES, words_heard=False)
    alerts = [
        change.rule
        for at, each in enumerate(heard[:blocks])
        if each.effort.known[0]
        for change in judge.observe(effort_window(each.effort, 0, at))
    ]
    assert alerts == []
    named = [bool(each.noise[0]) for each in heard]
    assert not any(named[: round(NOISE_AFTER_S / BLOCK_S) - 1])
    assert all(named[round(NOISE_AFTER_S / BLOCK_S) + 5 : blocks])
    # A voice ends it, and is judged.
    assert not named[-1]
    assert any(each.effort.known[0] and each.effort.probability[0] >= 0.75 for each in heard[blocks:])


def test_silence_and_speech_are_no_noise() -> None:
    silent = heard_of(np.zeros(90 * 8000, np.int16))
    spoken = heard_of(np.tile(customer("calm-enquiry"), 3))
    assert not any(each.noise[0] for each in [*silent, *spoken])


def test_music_does_not_reach_the_recogniser(sounds: dict[str, Pcm]) -> None:
    bank = AcousticBank(8000)
    slot = bank.open()
    size = block_samples(8000)
    pcm = sounds["hold-music-2"]
    passes = [
        bool(bank.hear([slot], pcm[at : at + size].tobytes()).passes[0]) for at in range(0, len(pcm), size)
    ]
    assert sum(passes) <= 10


@pytest.mark.parametrize("call", ["calm-enquiry", "shouting", "loud-elder", "threat", "shout-from-start"])
def test_a_voice_is_never_taken_for_music(call: str) -> None:
    tracker, detector = VoiceTracker(), VoiceDetector()
    tracker.reserve(1)
    size = block_samples(8000)
    pcm = customer(call)
    for block in pcm[: len(pcm) // size * size].reshape(-1, 1, size):
        features = measure(block, mark_speech([detector], block, 8000), 8000)
        probability = tracker.update(np.array([0]), features)[0]
        assert probability >= LIKELY_A_VOICE or probability == np.float32(UNDECIDED)


def test_the_model_file_is_what_the_code_reads() -> None:
    path = Path(next(iter(kikimori_models.__path__))) / "effort" / "model.json"
    model = EffortModel.model_validate(json.loads(path.read_text(encoding="utf-8")))
    assert {*model.stranger.names, *model.known.names} <= set(VECTOR)
    # Of a stranger there is nothing to differ from.
    assert not any(name.endswith("_over") for name in model.stranger.names)
    assert model.voice.names == VOICE
    # What effort does must speak for it.
    weights = dict(zip(model.known.names, model.known.weight, strict=True))
    assert min(weights["tilt_over"], weights["pitch_over"], weights["level_over"]) > 0


def test_the_weights_are_what_the_file_says() -> None:
    """Standardising is folded into weights and bias."""
    model = shipped_model()
    vector = np.random.default_rng(5).standard_normal((4, len(VECTOR))).astype(np.float32) * 3
    folded = model.known.scorer()
    columns = [VECTOR.index(name) for name in model.known.names]
    plain = ((vector[:, columns] - model.known.mean) / model.known.scale) @ np.array(model.known.weight)
    np.testing.assert_allclose(folded(vector), plain + model.known.bias, rtol=1e-3, atol=1e-3)


def test_a_slot_begins_as_a_stranger() -> None:
    tracker = EffortTracker()
    tracker.reserve(2)
    tracker._calm_s[1] = 30
    tracker.reset(1)
    assert tracker._calm_s[1] == 0


def test_only_what_is_surely_a_voice_can_be_raised_or_learnt() -> None:
    """A baby's cry that may be a voice counts as speech at most."""
    shout = customer("shout-from-start")
    blocks = shout[: len(shout) // block_samples(8000) * block_samples(8000)].reshape(
        -1, 1, block_samples(8000)
    )
    raised = {}
    for certain in (True, False):
        tracker, detector = EffortTracker(), VoiceDetector()
        tracker.reserve(1)
        voice, sure = np.ones(1, dtype=np.bool_), np.full(1, certain)
        efforts = [
            tracker.update(
                np.zeros(1, dtype=np.intp),
                measure(block, mark_speech([detector], block, 8000), 8000),
                voice,
                sure,
            )
            for block in blocks
        ]
        raised[certain] = max(float(each.probability[0]) for each in efforts)
        assert any(each.known[0] for each in efforts)
        assert certain or tracker._calm_s[0] == 0
    assert raised[True] > 0.75
    assert raised[False] == 0
