"""Acoustic hearing: level, tilt and vocal effort of many legs at once."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kikimori.hearing.bank import AcousticBank, AcousticResult
from kikimori.hearing.frames import RATES, SILENCE_DB, block_samples
from kikimori_core.model.call import Role
from kikimori_lab.bench.effort import bench_effort
from kikimori_lab.demo.script import DemoCall, load_calls

BLOCK = block_samples(8000)
FIELDS = ("speech_s", "known", "level_db", "tilt_db", "over_calm_db", "tilt_over_calm_db", "probability")

Pcm = NDArray[np.int16]


@pytest.fixture(scope="module")
def voices() -> dict[str, Pcm]:
    """The customers of the demo calls, in whole blocks."""
    return {call.name: _whole(call.voices[Role.CUSTOMER]) for call in load_calls()}


def _whole(pcm: Pcm) -> Pcm:
    return pcm[: len(pcm) // BLOCK * BLOCK]


def row(heard: AcousticResult, index: int) -> tuple[float, ...]:
    return (
        *(float(getattr(heard.effort, name)[index]) for name in FIELDS),
        float(heard.passes[index]),
        float(heard.closes[index]),
    )


def alone(pcm: Pcm, rate: int = 8000) -> list[tuple[float, ...]]:
    """Everything that one leg's blocks gave."""
    bank = AcousticBank(rate)
    slot = bank.open()
    size = block_samples(rate)
    return [row(bank.hear([slot], pcm[at : at + size].tobytes()), 0) for at in range(0, len(pcm), size)]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("sample", [0, 1, 32767, -32768])
def test_constant_samples_are_quiet_numbers(rate: int, sample: int) -> None:
    """Digital silence has the floor's level, full scale has 0 dBFS; nothing divides by zero."""
    bank = AcousticBank(rate)
    slot = bank.open()
    pcm = np.full(block_samples(rate), sample, np.int16).tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            heard = bank.hear([slot], pcm)
    effort = heard.effort
    if sample == 0:
        assert effort.level_db[0] == SILENCE_DB
    assert SILENCE_DB <= effort.level_db[0] <= 0.01
    assert 0 <= effort.probability[0] <= 1
    assert not effort.known[0] or np.isfinite(effort.tilt_db[0])


@given(st.binary(min_size=BLOCK * 2, max_size=BLOCK * 2))
@settings(max_examples=60)
def test_any_bytes_give_finite_numbers(pcm: bytes) -> None:
    bank = AcousticBank(8000)
    slot = bank.open()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(4):
            heard = bank.hear([slot], pcm)
            assert np.isfinite(heard.effort.level_db).all()
            assert np.isfinite(heard.effort.probability).all()


def test_many_legs_together_are_each_alone(voices: dict[str, Pcm]) -> None:
    """In any order, also when only some of them have a block."""
    bank = AcousticBank(8000)
    slots = {name: bank.open() for name in voices}
    expected = {name: alone(pcm) for name, pcm in voices.items()}
    at = dict.fromkeys(voices, 0)
    order = np.random.default_rng(7)
    while some := [name for name in voices if at[name] < len(voices[name])]:
        chosen = [name for name in order.permutation(some) if order.random() < 0.8]
        if not chosen:
            continue
        blocks = [voices[name][at[name] : at[name] + BLOCK].tobytes() for name in chosen]
        heard = bank.hear([slots[name] for name in chosen], b"".join(blocks))
        for index, name in enumerate(chosen):
            np.testing.assert_array_equal(row(heard, index), expected[name][at[name] // BLOCK])
            at[name] += BLOCK


def test_a_slot_forgets_who_had_it(voices: dict[str, Pcm]) -> None:
    bank = AcousticBank(8000)
    slot = bank.open()
    for at in range(0, len(voices["shouting"]), BLOCK):
        bank.hear([slot], voices["shouting"][at : at + BLOCK].tobytes())
    bank.close(slot)
    assert bank.open() == slot
    calm = voices["calm-enquiry"]
    again = [row(bank.hear([slot], calm[at : at + BLOCK].tobytes()), 0) for at in range(0, len(calm), BLOCK)]
    np.testing.assert_array_equal(again, alone(calm))


def raised_s(pcm: Pcm) -> tuple[float, float]:
    """Seconds of speech that count as raised, and of all speech."""
    rows = [dict(zip(FIELDS, each, strict=False)) for each in alone(pcm)]
    return (
        sum(each["speech_s"] for each in rows if each["known"] and each["probability"] >= 0.75),
        sum(each["speech_s"] for each in rows),
    )


def test_a_shout_is_told_from_a_loud_line(voices: dict[str, Pcm]) -> None:
    """The elder speaks as loud as the shouting ones do, and is not taken for one."""
    shares = {
        name: raised / said
        for name, (raised, said) in ((name, raised_s(pcm)) for name, pcm in voices.items())
    }
    shouting = {"shouting", "shout-from-start"}
    calmest_shout = min(shares[name] for name in shouting)
    loudest_calm = max(shares[name] for name in ("calm-enquiry", "loud-elder", "fair-complaint"))
    assert calmest_shout > 0.25
    assert loudest_calm < 0.05


@pytest.mark.parametrize("gain_db", [-20, -10, 6])
@pytest.mark.parametrize("name", ["shouting", "shout-from-start", "loud-elder"])
def test_a_gain_changes_nothing_but_the_level(voices: dict[str, Pcm], name: str, gain_db: int) -> None:
    """A quiet or loud line: the raised seconds stay, within what the detector of speech makes of it."""
    changed = np.clip(voices[name] * 10 ** (gain_db / 20), -32768, 32767).astype(np.int16)
    before, said = raised_s(voices[name])
    after, _ = raised_s(changed)
    assert after == pytest.approx(before, abs=max(0.15 * said, 0.5))


def test_a_rate_that_hearing_does_not_know() -> None:
    with pytest.raises(ValueError, match="11025"):
        AcousticBank(11025)


def test_the_demo_calls_are_there(voices: dict[str, Pcm]) -> None:
    assert len(voices) == len(load_calls()) == 9
    assert isinstance(load_calls()[0], DemoCall)


def test_the_bench_hears_voices() -> None:
    """Its stages are those of a bank, so that it times what runs."""
    figures = bench_effort(legs=9, blocks=12, progress=lambda _: None)
    assert 0 < figures.speech_share < 1
    assert figures.features_and_model_vs_reference > 0
