"""A baby that cries behind a caller: high, bright and loud, and no shouting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.hearing.test_effort import customer, raised_share
from tests.support.told import PHRASES

from kikimori.config import AgentConfig
from kikimori.hearing.bank import AcousticBank
from kikimori.hearing.frames import BLOCK_S, block_samples
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.rules import load_rules
from kikimori_lab.evaluation.recordings import effort_window

Pcm = NDArray[np.int16]

RATE = 8000
OVERTONES = ((1, 0.25), (2, 0.6), (3, 1.0), (4, 0.5), (5, 0.3), (6, 0.4), (7, 0.2))
"""Number and amplitude: little below 600 Hz, most from 1000 to 1700."""


def cry(seconds: float, seed: int) -> Pcm:
    """Return bursts of a second near 450 Hz that rise and fall, with a breath between them."""
    random = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    while sum(map(len, parts)) < seconds * RATE:
        length = float(random.uniform(0.7, 1.4))
        time = np.arange(round(length * RATE)) / RATE
        shape = np.sin(np.pi * time / length)
        vibrato = 1 + 0.02 * np.sin(2 * np.pi * 6 * time)
        phase = 2 * np.pi * np.cumsum(random.uniform(400, 470) * (0.85 + 0.3 * shape) * vibrato) / RATE
        wave = np.sum([gain * np.sin(order * phase) for order, gain in OVERTONES], axis=0)
        parts += [wave * np.sqrt(shape), np.zeros(round(random.uniform(0.2, 0.5) * RATE))]
    joined = np.concatenate(parts)[: round(seconds * RATE)]
    joined = joined + 0.01 * random.standard_normal(len(joined))
    return np.asarray(joined / np.abs(joined).max() * 16000, dtype=np.int16)


def alerts_in(pcm: Pcm) -> list[float]:
    """Return the seconds at which the shipped rules raise an alert by voice alone."""
    judge = CallJudge(load_rules(AgentConfig().rule_files()), PHRASES, words_heard=False)
    bank, size, found = AcousticBank(RATE), block_samples(RATE), list[float]()
    slot = bank.open()
    for at in range(len(pcm) // size):
        effort = bank.hear([slot], pcm[at * size : (at + 1) * size].tobytes()).effort
        changes = judge.observe(effort_window(effort, 0, at)) if effort.known[0] else []
        changes += judge.advance((at + 1) * BLOCK_S)
        found += [change.raised_s for change in changes if change.rule == "shouting"]
    return found


@pytest.mark.parametrize("seed", [0, 2, 4, 5])
def test_a_baby_that_cries_after_a_calm_caller_spoke_is_no_shouting(seed: int) -> None:
    assert alerts_in(np.concatenate([customer("calm-enquiry"), cry(20.0, seed)])) == []


def test_a_caller_who_shouts_with_a_crying_baby_in_the_room_is_found() -> None:
    shout = customer("shout-from-start").astype(np.int32)
    baby = np.resize(cry(20.0, 1), len(shout)) * np.sqrt(np.mean(shout.astype(float) ** 2)) / 16000
    assert alerts_in((shout + baby).clip(-32768, 32767).astype(np.int16))


def test_no_shout_of_the_sample_calls_is_taken_for_crying() -> None:
    for call in ("shout-from-start", "shouting"):
        assert alerts_in(customer(call)), call
    share, _ = raised_share(customer("shout-from-start"))
    assert share > 0.5
