"""Cost of looking for phrases per final result, against bare SudachiPy on the same sentences."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from sudachipy import Dictionary, SplitMode

from kikimori.config import AgentConfig
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.model.evidence import Utterance
from kikimori_lab.demo.script import FOLDER
from kikimori_lab.evaluation.truth import read_truth

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

REFERENCE = "SudachiPy SplitMode.C, small dictionary, tokenize alone"


@dataclass(frozen=True, slots=True)
class PhrasesFigures:
    """Figures that `kikimori bench phrases --json` prints; times are of one utterance."""

    utterances: int
    sentences: int
    """Number of different sentences: those of the demo's calls."""
    load_s: float
    first_us_max: float
    """Longest time in µs for a sentence heard the first time, when its expressions are compiled."""
    us_p50: float
    us_p99: float
    reference: str
    reference_us_p50: float
    p50_vs_reference: float


def bench_phrases(rounds: int, progress: Callable[[int], None]) -> PhrasesFigures:
    """Hear the demo's sentences `rounds` times."""
    truths = [read_truth(path) for path in sorted(FOLDER.glob("*.json"))]
    heard = [
        Utterance(segment.role, "bench", segment.start, segment.end, segment.text, final=True)
        for truth in truths
        for segment in truth.segments
    ]
    began = time.perf_counter()
    phrases = load_phrases(AgentConfig().phrase_files())
    load_s = time.perf_counter() - began
    tokenizer = Dictionary(dict="small").tokenizer(mode=SplitMode.C)
    first = [_timed(phrases.find, each) for each in heard]
    ours, bare = [], []
    for number in range(rounds):
        # Turn by turn, so that a machine that slows down slows both.
        for each in heard:
            ours.append(_timed(phrases.find, each))
            bare.append(_timed(tokenizer.tokenize, each.text))
        progress(number + 1)
    p50, reference = float(np.percentile(ours, 50)), float(np.percentile(bare, 50))
    return PhrasesFigures(
        utterances=len(ours),
        sentences=len(heard),
        load_s=round(load_s, 3),
        first_us_max=round(max(first) * 1e6, 1),
        us_p50=round(p50 * 1e6, 1),
        us_p99=round(float(np.percentile(ours, 99)) * 1e6, 1),
        reference=REFERENCE,
        reference_us_p50=round(reference * 1e6, 1),
        p50_vs_reference=round(p50 / reference, 2),
    )


def _timed(work: Callable[[_T], object], on: _T) -> float:
    began = time.perf_counter()
    work(on)
    return time.perf_counter() - began
