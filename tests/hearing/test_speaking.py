"""Detection of speaking beside noise, the basis of the clocks of overlap and silence."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.told import PHRASES, rules

from kikimori.hearing.bank import AcousticBank, Heard
from kikimori.hearing.frames import BLOCK_S, block_samples
from kikimori_core.judging.judge import CallJudge
from kikimori_core.model.call import Role
from kikimori_lab.demo.script import load_calls
from kikimori_lab.evaluation.effort import _window
from kikimori_training.telephone import Colour, babble, noise

BLOCK = block_samples(8000)
SPEECH_DB, BELOW_DB = -26.0, 25.0

Wave = NDArray[np.float64]


def voice(name: str, role: Role = Role.CUSTOMER) -> Wave:
    [call] = [each for each in load_calls() if each.name == name]
    pcm = call.voices[role].astype(np.float64)
    active = pcm[np.abs(pcm) > 300]
    return np.asarray(pcm / np.sqrt(np.mean(active**2)) * 32768 * 10 ** (SPEECH_DB / 20))


def background(kind: str, seconds: float) -> Wave:
    samples = round(seconds * 8000)
    if kind == "babble":
        said = [each.voices[role] / 32768 for each in load_calls() for role in Role if role in each.voices]
        # Without its pauses each is a voice of the crowd.
        others = [_without_pauses(each.astype(np.float32)) for each in said]
        made = babble(others, samples, SPEECH_DB - BELOW_DB, 3)
    else:
        made = noise(samples, SPEECH_DB - BELOW_DB, Colour(kind), 5)
    return made.astype(np.float64) * 32768


def _without_pauses(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    blocks = audio[: len(audio) // 800 * 800].reshape(-1, 800)
    return np.asarray(blocks[np.abs(blocks).max(axis=1) > 0.02].reshape(-1), dtype=np.float32)


def heard(wave: Wave) -> list[Heard]:
    pcm = wave.clip(-32768, 32767).astype("<i2")
    bank = AcousticBank(8000)
    slot = bank.open()
    return [bank.hear([slot], pcm[at : at + BLOCK].tobytes()) for at in range(0, len(pcm) - BLOCK + 1, BLOCK)]


def speaks(wave: Wave) -> NDArray[np.bool_]:
    return np.array([bool(each.effort.known[0]) for each in heard(wave)])


@pytest.mark.parametrize("kind", ["babble", "pink", "white"])
def test_noise_behind_a_call_is_nobody_speaking(kind: str) -> None:
    """25 dB below: the pauses stay pauses, and the speech stays speech."""
    clean = voice("calm-enquiry")
    alone = speaks(clean)
    with_noise = speaks(clean + background(kind, len(clean) / 8000))
    blocks = clean[: len(clean) // BLOCK * BLOCK].reshape(-1, BLOCK)
    silent = np.abs(blocks).max(axis=1) < 60
    assert with_noise[silent].mean() <= 0.02
    assert with_noise[alone].mean() >= 0.85


@pytest.mark.parametrize("kind", ["babble", "pink", "white"])
def test_a_silent_customer_with_noise_is_silent(kind: str) -> None:
    """The rule for silent calls fires when it would without noise."""
    judge = CallJudge(rules("silent-call"), PHRASES, words_heard=False)
    raised: list[float] = []
    for at, each in enumerate(heard(background(kind, 40.0))):
        changes = judge.observe(_window(each.effort, 0, at)) if each.effort.known[0] else []
        changes += judge.advance((at + 1) * BLOCK_S)
        raised += [change.raised_s for change in changes if change.revision == 1]
    assert raised == [pytest.approx(30.0, abs=5.0)]


def test_a_voice_that_is_loud_throughout_is_heard() -> None:
    """No pause, no noise: speech must not become the noise it stands out of."""
    clean = voice("calm-enquiry")
    blocks = clean[: len(clean) // BLOCK * BLOCK].reshape(-1, BLOCK)
    loud = blocks[np.abs(blocks).max(axis=1) > 3000].reshape(-1)
    assert speaks(np.tile(loud, 2)).mean() > 0.6
