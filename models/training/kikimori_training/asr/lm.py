"""Trigram model with back-off by absolute discounting, from the template sentences' words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

BEGIN, END, UNKNOWN = "<s>", "</s>", "[unk]"
DISCOUNT = 0.7
UNKNOWN_PROBABILITY = 0.01

History = tuple[str, ...]


@dataclass
class Lm:
    probability: dict[History, dict[str, float]]
    """Seen continuations of each kept history, natural probability, interpolated with the lower orders."""
    back_off: dict[History, float]
    """Weight of going on with the history's first word dropped."""

    def next_history(self, history: History, word: str) -> History:
        """The longest kept history after `word`."""
        full = (*history, word)[-2:]
        while full not in self.probability:
            full = full[1:]
        return full


def running_text(
    sentences: Sequence[tuple[Sequence[str], int]], fillers: Sequence[str], rng: random.Random
) -> list[list[str]]:
    """Sentences as often as they weigh, one to three in a row, some opened by a filler word."""
    pool = [list(tokens) for tokens, weight in sentences for _ in range(weight)]
    rng.shuffle(pool)
    out: list[list[str]] = []
    at = 0
    while at < len(pool):
        many = rng.choices((1, 2, 3), (0.6, 0.3, 0.1))[0]
        line: list[str] = []
        for sentence in pool[at : at + many]:
            if rng.random() < 0.06:
                line.append(rng.choice(fillers))
            line += sentence
        out.append(line)
        at += many
    return out


def estimate(
    text: Sequence[Sequence[str]], vocabulary: Sequence[str], min_trigram: int = 2, least_gain: float = 0.0
) -> Lm:
    """Histories of up to two words; trigrams seen fewer than `min_trigram` times are left to the bigram.

    A continuation also goes where all its occurrences together gain less than `least_gain` (natural log) against backing off.
    """
    grams: list[Counter[tuple[str, ...]]] = [Counter(), Counter(), Counter()]
    for line in text:
        row = [BEGIN, *line, END]
        for i in range(1, len(row)):
            for order in range(min(3, i + 1)):
                grams[order][tuple(row[i - order : i + 1])] += 1
    # Plain counts at every order: the templates' frequencies are artificial, Kneser-Ney's would be no truer.
    total = sum(grams[0].values())
    words = [*vocabulary, END]
    uniform = 0.05 / len(words)
    unigram = {w: 0.95 * grams[0][(w,)] / total + uniform for w in words}
    unigram[UNKNOWN] = UNKNOWN_PROBABILITY
    lm = Lm({(): unigram}, {})
    kept = [grams[1], Counter({gram: n for gram, n in grams[2].items() if n >= min_trigram})]
    if least_gain:
        kept = _worth_keeping(grams, kept, unigram, least_gain)
    for order in (1, 2):
        seen: dict[History, dict[str, int]] = defaultdict(dict)
        for gram, count in kept[order - 1].items():
            seen[gram[:-1]][gram[-1]] = count
        totals: Counter[History] = Counter()
        for gram, count in grams[order].items():
            totals[gram[:-1]] += count
        for history, following in seen.items():
            left = 1.0 - (sum(following.values()) - DISCOUNT * len(following)) / totals[history]
            lower = lm.probability.get(history[1:], lm.probability[()])
            lower_left = lm.back_off.get(history[1:], 1.0)
            lm.probability[history] = {
                word: (count - DISCOUNT) / totals[history]
                + left * lower.get(word, lower_left * unigram.get(word, uniform))
                for word, count in following.items()
            }
            lm.back_off[history] = left
    return lm


def _worth_keeping(
    grams: Sequence[Counter[tuple[str, ...]]],
    kept: Sequence[Counter[tuple[str, ...]]],
    unigram: dict[str, float],
    least_gain: float,
) -> list[Counter[tuple[str, ...]]]:
    """Return the bigrams and trigrams that gain enough; a bigram stays that is the history of a kept trigram."""
    tokens = sum(grams[0].values())
    times: Counter[str] = Counter()
    for (first, _), count in grams[1].items():
        times[first] += count

    def bigram(first: str, word: str) -> float:
        count = grams[1][first, word]
        return max(count - DISCOUNT, 0.0) / times[first] + DISCOUNT * unigram.get(word, 1 / tokens)

    trigrams = Counter(
        {
            gram: count
            for gram, count in kept[1].items()
            if count * math.log((count - DISCOUNT) / grams[1][gram[:2]] / bigram(gram[1], gram[2]) + 1e-9)
            >= least_gain
        }
    )
    histories = {gram[:2] for gram in trigrams}
    bigrams = Counter(
        {
            gram: count
            for gram, count in kept[0].items()
            if gram in histories
            or count * math.log((count - DISCOUNT) / times[gram[0]] / unigram.get(gram[1], 1 / tokens) + 1e-9)
            >= least_gain
        }
    )
    return [bigrams, trigrams]


def perplexity(lm: Lm, text: Sequence[Sequence[str]]) -> float:
    """Per word; words out of the vocabulary are left out."""
    bits, count = 0.0, 0
    for line in text:
        history: History = (BEGIN,)
        for word in [*line, END]:
            if word not in lm.probability[()]:
                continue
            bits -= math.log(_probability(lm, history, word))
            count += 1
            if word != END:
                history = lm.next_history(history, word)
    return math.exp(bits / max(count, 1))


def _probability(lm: Lm, history: History, word: str) -> float:
    weight = 1.0
    while word not in lm.probability[history]:
        weight *= lm.back_off[history]
        history = history[1:]
        while history not in lm.probability:
            history = history[1:]
    return weight * lm.probability[history][word]
