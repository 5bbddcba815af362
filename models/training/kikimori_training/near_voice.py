"""Make the model that tells one voice at the telephone from several at a distance: `model.json` for models/near-voice/.

SPEECH are folders of recorded or spoken sentences, without noise; those of one half are fitted with, the other half is measured on.
Near voices: sentences over babble or line noise 8 to 20 dB below them, over a quiet line, in a room, with gain control, with silence
taken out by the telephone; whole, joined, and only their beginning, as partial results are judged. Babble: three to eight at once, as loud
as each other or up to 6 dB apart, in a room or not, at levels that jump every 4 to 30 s; stretches of it, most of them around a jump.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kikimori.hearing.speech.believable import LEAST_SCORE, SoundDepth
from kikimori.hearing.speech.near_voice import NUMBERS, NearVoiceModel
from kikimori_training.measure import active_level_db, gain
from kikimori_training.noise_calls import Half, line_noise, read
from kikimori_training.telephone import RATE, Law, g711, gain_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kikimori_training.measure import Audio

    Rows = NDArray[np.float64]

FLOOR_DB = -66.0
SILENT = 1e-3
"""A recording that is never louder holds no speech."""
STRENGTH = 0.05
"""Inverse of the regularisation."""
LIMITS = {
    "depth": (8, 26),
    "step": (0, 20),
    "depth_mean": (5, 24),
    "depth_low": (5, 20),
    "dips_10": (0, 1),
    "dips_15": (0, 1),
    "loud": (0, 1),
    "periodic": (0, 1),
    "swing": (3, 12),
    "fall": (-20, -5),
}
"""Lowest and highest value by number: a quiet line is deeper than any voice needs to be."""
WORDS, WORD_S = 0.25, (0.3, 1.0)
"""Share of near voices that say a single word, and its length."""
LONGEST_S = 12.0
"""Of a stretch of babble."""
SHORTEST_S = 0.8
QUIETEST_DB, LOUDEST_DB = -40.0, -14.0
PAUSES_DB = -20.0
"""Level in dB under the voice below which a telephone with silence suppression sends nothing."""


def numbers_of(audio: Audio) -> Rows | None:
    """Return the numbers of one utterance as the program takes them, of float32 at 8 kHz."""
    depth = SoundDepth(RATE)
    depth.add((np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
    return depth.numbers()


def room(audio: Audio, rng: np.random.Generator, seconds: float) -> Audio:
    """Return it as heard across a room that sounds on for so many seconds (60 dB)."""
    samples = round(seconds * RATE)
    echo = rng.standard_normal(samples) * 10 ** (-3 * np.arange(samples) / samples)
    echo *= 0.9 / np.sqrt((echo**2).sum())
    echo[0] += 0.5
    size = len(audio) + samples
    heard = np.fft.irfft(np.fft.rfft(audio, size) * np.fft.rfft(echo, size), size)
    return np.asarray(heard[: len(audio)], dtype=np.float32)


def at_level(audio: Audio, level_db: float) -> Audio:
    return gain(audio, level_db - active_level_db(audio, RATE))


class Speech:
    """Sentences of one half of the folders."""

    def __init__(self, folders: Sequence[Path], half: str) -> None:
        self._clips = [
            clip
            for folder in folders
            for path in Half.of(folder.name, folder, half).paths
            if len(clip := read(path)) >= RATE and np.abs(clip).max() > SILENT
        ]

    def one(self, rng: np.random.Generator) -> Audio:
        return self._clips[int(rng.integers(len(self._clips)))]

    def sentences(self, rng: np.random.Generator) -> Audio:
        return np.concatenate([self.one(rng) for _ in range(int(rng.choice([1, 1, 1, 2, 3])))])

    def word(self, rng: np.random.Generator) -> Audio:
        """Return a piece as long as a word, from where somebody speaks."""
        clip, length = self.one(rng), round(float(rng.uniform(*WORD_S)) * RATE)
        power = np.convolve(clip**2, np.full(length, 1 / length), "valid")
        return clip[int(rng.choice(np.flatnonzero(power >= power.max() / 2))) :][:length]

    def babble(self, samples: int, rng: np.random.Generator) -> Audio:
        """Return several who speak at once."""
        total = np.zeros(samples, dtype=np.float32)
        apart_db, echo_s = float(rng.choice([0, 0, 3, 6])), float(rng.choice([0, 0, 0.3, 0.6]))
        for _ in range(int(rng.choice([3, 4, 4, 5, 6, 8]))):
            talk = np.zeros(0, dtype=np.float32)
            while len(talk) < samples:
                pause = np.zeros(round(float(rng.uniform(0, 0.5)) * RATE), dtype=np.float32)
                talk = np.concatenate([talk, at_level(self.one(rng), 0.0), pause])
            talk = gain(talk[:samples], -float(rng.uniform(0, apart_db)))
            total += room(talk, rng, echo_s) if echo_s else talk
        return np.asarray(total / np.sqrt(np.mean(total**2)), dtype=np.float32)

    def babble_utterances(self, count: int, rng: np.random.Generator) -> Rows:
        """Return the numbers of stretches of babble that may hold a jump of the level."""
        rows: list[Rows] = []
        while len(rows) < count:
            pieces = [
                gain(self.babble(round(seconds * RATE), rng), float(rng.uniform(QUIETEST_DB, LOUDEST_DB)))
                for seconds in rng.uniform(4, 30, 4)
            ]
            call = sent(with_floor(np.concatenate(pieces), rng), rng)
            jumps = np.cumsum([len(piece) for piece in pieces])[:-1]
            for _ in range(12):
                length = round(float(np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S)))) * RATE)
                at = int(rng.choice(jumps) - rng.uniform(0.05, 0.95) * length)
                if rng.random() < 0.4:
                    at = int(rng.integers(len(call) - length))
                at = max(0, min(at, len(call) - length))
                if (numbers := numbers_of(call[at : at + length])) is not None:
                    rows.append(numbers)
        return np.array(rows)

    def near_utterances(self, condition: str, count: int, rng: np.random.Generator) -> Rows:
        """Return the numbers of sentences said into a telephone."""
        rows: list[Rows] = []
        while len(rows) < count:
            said = self.word(rng) if rng.random() < WORDS else self.sentences(rng)
            before, after = rng.uniform(0.1, 0.35), 0.6
            if condition in {"babble", "line"}:
                before, after = rng.uniform(0.2, 1.2), rng.uniform(0.3, 1.2)
            audio = np.pad(said, (round(before * RATE), round(after * RATE)))
            numbers = numbers_of(sent(self._over(audio, condition, rng), rng))
            rows += [] if numbers is None else [numbers]
            if len(said) <= RATE:
                continue
            begun = round((before + float(rng.uniform(0.8, 2.5))) * RATE)
            numbers = numbers_of(sent(self._over(audio, condition, rng)[:begun], rng))
            rows += [] if numbers is None else [numbers]
        return np.array(rows)

    def _over(self, audio: Audio, condition: str, rng: np.random.Generator) -> Audio:
        level_db = float(rng.uniform(-28, -16))
        audio = at_level(audio, -34.0 if condition == "quiet" else level_db)
        if condition == "babble":
            return audio + gain(self.babble(len(audio), rng), level_db - float(rng.uniform(8, 20)))
        if condition in {"line", "room", "gain"}:
            if condition == "room":
                audio = room(audio, rng, 0.35)
            if condition == "gain":
                audio = gain_control(audio, RATE)
            hiss = line_noise(len(audio) / RATE + 1, int(rng.integers(1_000_000)))[: len(audio)]
            below_db = float(rng.uniform(8, 20) if condition == "line" else rng.uniform(15, 25))
            return audio + gain(hiss, level_db - below_db - 20 * float(np.log10(np.sqrt(np.mean(hiss**2)))))
        audio = with_floor(audio, rng)
        return without_pauses(audio) if condition == "left-out" else audio


CONDITIONS = ("babble", "babble", "line", "line", "clean", "quiet", "room", "gain", "left-out")


def with_floor(audio: Audio, rng: np.random.Generator) -> Audio:
    hiss = rng.standard_normal(len(audio)) * 10 ** (FLOOR_DB / 20)
    return np.asarray(audio + hiss, dtype=np.float32)


def without_pauses(audio: Audio) -> Audio:
    """Return it with zeros where a telephone sends nothing: from 0.2 s after the voice on."""
    frames = audio[: len(audio) // 160 * 160].reshape(-1, 160).copy()
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    spoken = levels > np.percentile(levels, 95) + PAUSES_DB
    frames[np.convolve(spoken, np.ones(20))[: len(spoken)] == 0] = 0
    return frames.reshape(-1)


def sent(audio: Audio, rng: np.random.Generator) -> Audio:
    return g711(audio, (Law.MU, Law.A)[int(rng.integers(2))])


def fit(babble: Rows, near: Rows, made_with: str) -> NearVoiceModel:
    low, high = np.array([LIMITS[name] for name in NUMBERS], dtype=float).T
    rows = np.concatenate([babble, near])
    limited = np.clip(rows, low, high)
    shape = NearVoiceModel(
        version=1,
        made_with=made_with,
        low=tuple(low),
        high=tuple(high),
        mean=tuple(np.round(limited.mean(axis=0), 4)),
        scale=tuple(np.round(limited.std(axis=0), 4)),
        weight=(),
        bias=0.0,
    )
    terms = shape.terms(rows)
    scaler = StandardScaler().fit(terms)
    labels = np.arange(len(rows)) >= len(babble)
    found = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=3000).fit(
        scaler.transform(terms), labels
    )
    weight = found.coef_[0] / scaler.scale_
    bias = float(found.intercept_[0] - weight @ scaler.mean_)
    return shape.model_copy(
        update={"weight": tuple(float(each) for each in np.round(weight, 4)), "bias": round(bias, 4)}
    )


def share(model: NearVoiceModel, rows: Rows) -> float:
    return float(np.mean([model.score(row) >= LEAST_SCORE for row in rows]))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.near_voice", description=__doc__)
    parser.add_argument("speech", type=Path, nargs="+", help="folders of speech, one voice at a time")
    parser.add_argument("--out", type=Path, required=True, help="model.json")
    parser.add_argument(
        "--count", type=int, default=2000, help="stretches of babble; half as many of near voices"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)

    def made(half: str, scale: int) -> tuple[Rows, dict[str, Rows]]:
        speech, rng = Speech(options.speech, half), np.random.default_rng([options.seed, len(half)])
        count = options.count // 2 // len(CONDITIONS) // scale
        near = {
            name: speech.near_utterances(name, count * CONDITIONS.count(name), rng)
            for name in dict.fromkeys(CONDITIONS)
        }
        return speech.babble_utterances(options.count // scale, rng), near

    babble, near = made("train", 1)
    model = fit(
        babble, np.concatenate(list(near.values())), f"{len(babble)} stretches of babble, near voices"
    )
    options.out.write_text(model.model_dump_json(indent=1) + "\n", encoding="utf-8")
    other_babble, others = made("held-out", 2)
    print(f"believed of {len(other_babble)} stretches of babble: {share(model, other_babble):.1%}")
    for name, rows in others.items():
        print(f"kept of {len(rows)} near voices, {name}: {share(model, rows):.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
