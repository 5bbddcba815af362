"""Cost of looking for phrases per final result, without and with the second opinion, against bare SudachiPy on the same sentences."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from sudachipy import Dictionary, SplitMode

from kikimori.config import BUILTIN_SENTENCES, AgentConfig
from kikimori.phrase_finder import configured_book
from kikimori_core.judging.rules import load_rules
from kikimori_core.judging.second_opinion import with_second_opinion
from kikimori_core.model.evidence import Role, Utterance
from kikimori_lab.demo.script import FOLDER
from kikimori_lab.evaluation.truth import read_truth

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

REFERENCE = "SudachiPy SplitMode.C, small dictionary, tokenize alone"


@dataclass(frozen=True, slots=True)
class PhrasesFigures:
    """Figures that `kikimori bench phrases --json` prints; times are processor time for one utterance."""

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
    opinion_us_p50: float
    """As `us_p50`, with the second opinion over the phrases and every sentence a customer's."""
    opinion_us_p99: float
    opinion_p50_vs_reference: float


def bench_phrases(rounds: int, progress: Callable[[int], None]) -> PhrasesFigures:
    """Hear the demo's sentences `rounds` times."""
    truths = [read_truth(path) for path in sorted(FOLDER.glob("*.json"))]
    heard = [
        Utterance(segment.role, "bench", segment.start, segment.end, segment.text, final=True)
        for truth in truths
        for segment in truth.segments
    ]
    config = AgentConfig()
    began = time.perf_counter()
    phrases = configured_book(config)
    load_s = time.perf_counter() - began
    tokenizer = Dictionary(dict="small").tokenizer(mode=SplitMode.C)
    first = [_timed(phrases.find, each) for each in heard]
    checked = with_second_opinion(
        phrases, load_rules(config.rule_files()), config.opinion_folder(), BUILTIN_SENTENCES
    )
    of_customers = [replace(each, role=Role.CUSTOMER) for each in heard]
    for each in of_customers:
        checked.find(each)
    ours, bare, both = [], [], []
    for number in range(rounds):
        # Turn by turn, so that a machine that slows down slows all.
        for each, of_customer in zip(heard, of_customers, strict=True):
            ours.append(_timed(phrases.find, each))
            both.append(_timed(checked.find, of_customer))
            bare.append(_timed(tokenizer.tokenize, each.text))
        progress(number + 1)
    p50, opinion, reference = (float(np.percentile(each, 50)) for each in (ours, both, bare))
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
        opinion_us_p50=round(opinion * 1e6, 1),
        opinion_us_p99=round(float(np.percentile(both, 99)) * 1e6, 1),
        opinion_p50_vs_reference=round(opinion / reference, 2),
    )


def _timed(work: Callable[[_T], object], on: _T) -> float:
    """Return the seconds of processor time: on a busy machine an utterance takes longer, and costs the same."""
    began = time.process_time()
    work(on)
    return time.process_time() - began
