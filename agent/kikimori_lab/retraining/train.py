"""From samples to a folder with a model: fitted, calibrated, measured on what was held back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import numpy as np

from kikimori_core.judging.second_opinion import meaning, network
from kikimori_core.judging.second_opinion.features import BITS, features
from kikimori_core.judging.second_opinion.meaning import MeaningNetwork
from kikimori_core.judging.second_opinion.model import FORMAT, ModelNote
from kikimori_core.judging.second_opinion.network import Network
from kikimori_core.judging.second_opinion.table import WeightTable
from kikimori_core.judging.words.sound import plain, words
from kikimori_lab.retraining.fit import fit, in_bytes, softmax, strongest
from kikimori_lab.retraining.templates import HARMLESS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.second_opinion.senses import Senses
    from kikimori_lab.retraining.fit import FitSettings, Weights
    from kikimori_lab.retraining.samples import Sample

    Progress = Callable[[str, int, int], None]

KEPT = 450_000
"""Features that a model keeps; twice as many find next to nothing more."""
MOST_STEPS = 31
"""Largest integer of a weight: with 127 the file is half as large again, and as much is found."""
TEMPERATURES = np.geomspace(0.25, 4.0, 65)
BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
"""Borders of the reliability table."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds by which the judge uses a probability of harassment."""

    veto_below: dict[str, float]
    critical_from: dict[str, float]
    tone_from: dict[str, float]
    rough_from: dict[str, float]
    tone_words: int = 2
    tone_unclear_from: float = 0.75
    rough_share: float = 0.4
    rough_veto_below: float = 0.1
    sure_veto_below: float = 0.05
    jest_veto_below: float = 0.27


VETO_BELOW, TONE_FROM = 0.3, 0.75
NEVER_TONE = frozenset({"call_for_superior"})
"""Demands for a superior are counted, not shown at once."""
VETOES = {
    "authority": 0.58,
    "exposure": 0.4,
    "insult": 0.61,
    "private": 0.21,
    "sexual": 0.25,
    "threat": 0.008,
    "violence": 0.008,
}
"""Other bars of doubt: friends insult and film each other in jest, and complain of prices; of threats none may be doubted."""
CRITICAL_FROM = {"threat": 0.45, "violence": 0.45}
"""Bars of a critical alert by one phrase: below them it is as likely said between friends."""
TONES = {
    "insult": 0.92,
    "exposure": 0.89,
    "sexual": 0.82,
    "discrimination": 0.76,
    "threat": 0.74,
    "unreasonable_demand": 0.68,
    "private": 0.64,
    "violence": 0.62,
    "authority": 0.5,
    "detention": 0.4,
    "self_harm": 0.35,
}
"""Other bars of a notice of tone: categories that calm talk resembles more often, or hardly ever."""
ROUGH_FROM = 0.25
"""Bar in a sentence of rough form, as calm talk hardly has any."""
ROUGHS = {
    "detention": 0.46,
    "threat": 0.4,
    "unreasonable_demand": 0.37,
    "insult": 0.33,
    "sexual": 0.29,
}
"""Other bars there: friends urge and dare each other in plain orders (もうやめろ)."""


NETWORK_SHARE = 0.15
"""Part of the log odds that the shipped network over words gives; on its own it finds less."""
MEANING_SHARE = 0.22
"""Part that the shipped network over the sentence's vector gives; of the rest the one over words has its share."""


def default_thresholds(categories: Sequence[str]) -> Thresholds:
    """Return what the shipped model uses, for the categories that a model has."""
    tones = {each: TONES.get(each, TONE_FROM) for each in categories if each not in NEVER_TONE}
    return Thresholds(
        {each: VETOES.get(each, VETO_BELOW) for each in categories if each != "call_for_superior"},
        {each: bar for each, bar in CRITICAL_FROM.items() if each in categories},
        tones,
        {each: ROUGHS.get(each, ROUGH_FROM) for each in tones},
    )


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model before it is written."""

    classes: tuple[str, ...]
    weights: Weights
    temperature: float
    figures: dict[str, Any]


def train(samples: Sequence[Sample], senses: Senses, settings: FitSettings, progress: Progress) -> Trained:
    """Fit without what is held back, to measure and calibrate, then on everything; each time once more with the features that tell most."""
    classes = (HARMLESS, *sorted({each.label for each in samples} - {HARMLESS}))
    featured, kept = [], []
    for number, sample in enumerate(samples):
        found = features(words(plain(sample.text)), senses)
        if len(found):
            featured.append(found)
            kept.append(sample)
        if number % 500 == 0:
            progress("features", number, len(samples))
    labels = np.array([classes.index(each.label) for each in kept])
    importance = np.array([each.weight for each in kept], np.float32)
    held = np.array([each.held for each in kept])

    def fitted(name: str, chosen: NDArray[np.int64]) -> Weights:
        some = [featured[number] for number in chosen]

        def once(half: int, kept: NDArray[np.bool_] | None) -> Weights:
            return fit(
                some,
                labels[chosen],
                importance[chosen],
                (1 << BITS, len(classes)),
                settings,
                lambda done, total: progress(name, half * total + done, 2 * total),
                kept,
            )

        return once(1, strongest(once(0, None), some, KEPT))

    measured = np.flatnonzero(held)
    trial = fitted("fit without what is held back", np.flatnonzero(~held))
    scores = trial.scores([featured[number] for number in measured])
    temperature = _temperature(scores, labels[measured])
    figures = _figures(softmax(scores / np.float32(temperature)), labels[measured], classes)
    return Trained(classes, fitted("fit on everything", np.arange(len(kept))), temperature, figures)


def _temperature(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the divisor of scores by which what is held back is likeliest."""
    places = np.arange(len(labels))
    losses = [
        -np.log(softmax(scores / np.float32(each))[places, labels] + 1e-9).mean() for each in TEMPERATURES
    ]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 4)


def _figures(
    shares: NDArray[np.float32], labels: NDArray[np.int64], classes: Sequence[str]
) -> dict[str, Any]:
    """Return what is right of what was held back, and how far probabilities can be believed."""
    harm, harmful = 1 - shares[:, 0], labels > 0
    named = 1 + shares[:, 1:].argmax(axis=1)
    table = []
    for low, high in pairwise(BINS):
        inside = (harm >= low) & ((harm < high) | (high == BINS[-1]))
        if inside.any():
            table.append(
                {
                    "from": low,
                    "to": high,
                    "n": int(inside.sum()),
                    "said": round(float(harm[inside].mean()), 3),
                    "was": round(float(harmful[inside].mean()), 3),
                }
            )
    return {
        "held": len(labels),
        "harassing": int(harmful.sum()),
        "found": round(float((harm[harmful] >= 0.5).mean()), 3),
        "right_category": round(float((named == labels)[harmful].mean()), 3),
        "false": round(float((harm[~harmful] >= 0.5).mean()), 4),
        "reliability": table,
        "categories": {
            name: round(float((named == number)[labels == number].mean()), 3)
            for number, name in enumerate(classes)
            if number and (labels == number).any()
        },
    }


def write_model(
    folder: Path,
    trained: Trained,
    senses: Senses,
    thresholds: Thresholds,
    made: dict[str, str],
    shipped: Path,
) -> None:
    """Write `model.json`, `weights.npz`, the senses that it was trained with, and the networks of the shipped model.

    A network is left out where the classes are not those that it knows. Raises ConfigError or OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    senses.write(folder)
    by_words = Network.read(shipped, senses).classes == trained.classes
    by_meaning = MeaningNetwork.read(shipped).classes == trained.classes
    if folder.resolve() != shipped.resolve():
        for name, shared in ((network.FILE, by_words), (meaning.FILE, by_meaning)):
            if shared:
                copyfile(shipped / name, folder / name)
    weights = trained.weights
    kept = np.flatnonzero(weights.table.any(axis=1))
    table, scale = in_bytes(weights.table[kept], MOST_STEPS)
    note = ModelNote(
        format=FORMAT,
        bits=BITS,
        classes=trained.classes,
        bias=tuple(round(float(each), 5) for each in weights.bias),
        scale=tuple(scale),
        temperature=trained.temperature,
        network_share=NETWORK_SHARE if by_words else 0.0,
        meaning_share=MEANING_SHARE if by_meaning else 0.0,
        veto_below=thresholds.veto_below,
        critical_from=thresholds.critical_from,
        tone_from=thresholds.tone_from,
        tone_unclear_from=thresholds.tone_unclear_from,
        tone_words=thresholds.tone_words,
        rough_from=thresholds.rough_from,
        rough_share=thresholds.rough_share,
        rough_veto_below=thresholds.rough_veto_below,
        sure_veto_below=thresholds.sure_veto_below,
        jest_veto_below=thresholds.jest_veto_below,
        made=made,
    )
    WeightTable(table, kept).write(folder, BITS)
    text = json.dumps(note.model_dump(), ensure_ascii=False, indent=1)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
