"""Detection of speaking beside noise, the basis of the clocks of overlap and silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.told import PHRASES, rules

from kikimori.hearing.bank import AcousticBank, AcousticResult
from kikimori.hearing.frames import BLOCK_S, block_samples
from kikimori_core.judging.judge import CallJudge
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import EffortWindow
from kikimori_lab.demo.script import load_calls
from kikimori_lab.evaluation.recordings import effort_window
from kikimori_training.telephone import Colour, babble, noise

BLOCK = block_samples(8000)
KINDS = ["babble", "pink", "white", "sea"]
SPEECH_DB, BELOW_DB = -26.0, 25.0

Wave = NDArray[np.float64]


def voice(name: str, role: Role = Role.CUSTOMER) -> Wave:
    [call] = [each for each in load_calls() if each.name == name]
    pcm = call.voices[role].astype(np.float64)
    active = pcm[np.abs(pcm) > 300]
    return np.asarray(pcm / np.sqrt(np.mean(active**2)) * 32768 * 10 ** (SPEECH_DB / 20))


def background(kind: str, seconds: float, below_db: float = BELOW_DB) -> Wave:
    samples = round(seconds * 8000)
    if kind == "babble":
        said = [each.voices[role] / 32768 for each in load_calls() for role in Role if role in each.voices]
        # Without its pauses each is a voice of the crowd.
        others = [_without_pauses(each.astype(np.float32)) for each in said]
        made = babble(others, samples, SPEECH_DB - below_db, 3)
    elif kind == "sea":
        swell = 10 ** (0.3 * np.sin(2 * np.pi * np.arange(samples) / 8000 / 8))
        made = noise(samples, SPEECH_DB - below_db, Colour.PINK, 6) * swell.astype(np.float32)
    else:
        made = noise(samples, SPEECH_DB - below_db, Colour(kind), 5)
    return made.astype(np.float64) * 32768


def _without_pauses(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    blocks = audio[: len(audio) // 800 * 800].reshape(-1, 800)
    return np.asarray(blocks[np.abs(blocks).max(axis=1) > 0.02].reshape(-1), dtype=np.float32)


def heard(wave: Wave) -> list[AcousticResult]:
    pcm = wave.clip(-32768, 32767).astype("<i2")
    bank = AcousticBank(8000)
    slot = bank.open()
    return [bank.hear([slot], pcm[at : at + BLOCK].tobytes()) for at in range(0, len(pcm) - BLOCK + 1, BLOCK)]


def speaks(wave: Wave) -> NDArray[np.bool_]:
    return np.array([bool(each.effort.known[0]) for each in heard(wave)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("below_db", [25.0, 20.0])
def test_noise_behind_a_call_is_nobody_speaking(kind: str, below_db: float) -> None:
    """The pauses stay pauses, and the speech stays speech."""
    clean = voice("calm-enquiry")
    alone = speaks(clean)
    with_noise = speaks(clean + background(kind, len(clean) / 8000, below_db))
    blocks = clean[: len(clean) // BLOCK * BLOCK].reshape(-1, BLOCK)
    silent = np.abs(blocks).max(axis=1) < 60
    assert with_noise[silent].mean() <= 0.04
    assert with_noise[alone].mean() >= 0.85


@pytest.mark.parametrize("kind", ["pink", "white", "sea"])
def test_what_stands_out_of_the_noise_is_given_to_the_recogniser_alone(kind: str) -> None:
    """A voice detector takes a part of the noise for speech: the gate opens for less than a sixth of it."""
    found = heard(background(kind, 30.0))
    assert np.mean([bool(each.passes[0]) for each in found]) < 0.15


def windows(wave: Wave, role: Role) -> list[tuple[int, EffortWindow]]:
    return [
        (at, replace(effort_window(each.effort, 0, at), role=role))
        for at, each in enumerate(heard(wave))
        if each.effort.known[0]
    ]


def alternating(seconds: float, turn_s: float = 8.0) -> tuple[Wave, Wave]:
    """A customer and an operator, who never speak at once."""
    samples = round(seconds * 8000)
    customer = np.resize(voice("calm-enquiry"), samples)
    operator = np.resize(voice("calm-enquiry", Role.OPERATOR), samples)
    turns = np.arange(samples) // round(turn_s * 8000) % 2 == 0
    return np.where(turns, customer, 0.0), np.where(turns, 0.0, operator)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_talked_over_by_noise(kind: str) -> None:
    """Strict turns, and noise 20 dB below the customer: no second of both at once."""
    customer, operator = alternating(48.0)
    noisy = customer + background(kind, 48.0, 20.0)
    spoken = dict(windows(operator, Role.OPERATOR))
    both = [
        min(each.speech_s, spoken[at].speech_s) for at, each in windows(noisy, Role.CUSTOMER) if at in spoken
    ]
    assert len(spoken) > 50
    assert sum(both) <= 0.5


def silences(rule: str, said: list[tuple[int, EffortWindow]], seconds: float) -> list[float]:
    judge = CallJudge(rules(rule), PHRASES, words_heard=False)
    by_block = dict(said)
    changes = [
        change
        for at in range(round(seconds / BLOCK_S))
        for change in (
            *(judge.observe(by_block[at]) if at in by_block else ()),
            *judge.advance((at + 1) * BLOCK_S),
        )
    ]
    return [change.raised_s for change in changes if change.revision == 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_customer_with_noise_is_silent(kind: str) -> None:
    """The rule for silent calls fires when it would without noise."""
    said = windows(background(kind, 40.0), Role.CUSTOMER)
    assert silences("silent-call", said, 40.0) == [pytest.approx(30.0, abs=5.0)]


@pytest.mark.parametrize("kind", ["babble", "sea"])
def test_a_silence_after_speech_is_as_long_with_noise(kind: str) -> None:
    clean, seconds = voice("calm-enquiry"), 230.0
    call = np.zeros(round(seconds * 8000))
    call[: len(clean)] = clean
    expected = silences("long-silence", windows(call, Role.CUSTOMER), seconds)
    found = silences("long-silence", windows(call + background(kind, seconds), Role.CUSTOMER), seconds)
    assert len(expected) == 1
    assert found == [pytest.approx(expected[0], abs=5.0)]


def test_a_voice_that_is_loud_throughout_is_heard() -> None:
    """No pause, no noise: speech must not become the noise it stands out of."""
    clean = voice("calm-enquiry")
    blocks = clean[: len(clean) // BLOCK * BLOCK].reshape(-1, BLOCK)
    loud = blocks[np.abs(blocks).max(axis=1) > 3000].reshape(-1)
    assert speaks(np.tile(loud, 2)).mean() > 0.6
