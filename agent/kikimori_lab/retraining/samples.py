"""Training samples of a model: expanded templates, joined sentences, calm speech, the office's own cases."""

from __future__ import annotations

import lzma
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from kikimori.errors import KikimoriError
from kikimori.modelstore import catalogue
from kikimori_core.judging.words.sound import plain, words
from kikimori_lab.retraining.templates import HARMLESS, read_templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kikimori_lab.evaluation.cases import Case

PER_TEMPLATE = 14
"""Most sentences of one template."""
JOINED = 0.35
"""Share of sentences that are learned once more together with another, as people say several in a breath."""
SPOKEN_WEIGHT = 2.0
"""Weight of a sentence as people say it, against one of a template."""
FRAGMENTS = 0.35
"""Share of calm sentences of which a few words are learned as a harmless sentence of their own."""
MOST_OF_FRAGMENT = 4
"""Words of the longest fragment."""
CASUAL = 0.8
"""Share of calm sentences that are learned once more with an ending of friends' talk."""
ENDINGS = (
    "よね", "なあ", "わ", "ぞ", "からね", "らしいよ", "じゃん", "やん", "し", "けど", "って", "よ", "のに", "かな", "もんね", "ー",
    "からな", "からなあ", "からさ", "んだよ", "んだよね", "んだろ", "だろ", "だろうな", "のかよ", "かよ", "のか", "ぜ", "やろ", "やで", "ねん",
    "んや", "けえ", "けん", "ばい", "べ", "じゃねえか", "もんな", "って言ってた", "くせに", "のにさ", "とか", "みたいな", "ってさ", "って話",
    "でしょ", "でしょう", "よな", "ので", "から",
)  # fmt: skip
REMARKS = 0.35
"""Share of calm sentences of which some words up to a noun are learned as a remark of their own."""
MOST_OF_REMARK = 5
"""Words of the longest remark."""
REMARK_ENDINGS = (
    "だよ", "だな", "だろ", "かよ", "やん", "やな", "じゃん", "だぞ", "なの", "だから", "だからな", "だったら", "かな", "ですよね", "なんだよ",
    "なんだろ", "のくせに", "は？", "がいい", "だけ", "って", "ばっかり", "よりまし", "みたいな", "でもいい",
)  # fmt: skip
_NOUNS = frozenset({"名詞", "代名詞"})
HELD = 5
"""One in this number is held back to measure by."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sentence and what it is."""

    text: str
    label: str
    origin: str
    """Template, dialogue or file: what is split as a whole."""
    weight: float = 1.0

    @property
    def held(self) -> bool:
        """Return whether it is held back: the same in every run."""
        return crc32(self.origin.encode()) % HELD == 0


def shipped_sentences() -> Path:
    """Return the folder of the sentences that come along: templates, and calm talk."""
    return catalogue.PACKAGE / "training" / "words"


def shipped_samples(seed: int) -> list[Sample]:
    """Return all that the shipped model learns; raises KikimoriError."""
    folder = shipped_sentences()
    return together(written(folder), calm_talk(folder, seed), seed)


def together(samples: Sequence[Sample], calm_ones: Sequence[Sample], seed: int) -> list[Sample]:
    """Return all that a model learns of its samples and of calm talk."""
    return [*samples, *joined(samples, calm_ones, seed), *calm_ones]


def calm_talk(folder: Path, seed: int) -> list[Sample]:
    """Read all calm sentences of a folder, and make others of them; raises KikimoriError."""
    read = [sample for path in sorted(folder.glob("calm-*.txt.xz")) for sample in calm(path)]
    return [*read, *fragments(read, seed), *casual(read, seed), *remarks(read, seed)]


def written(folder: Path) -> list[Sample]:
    """Write out the templates of a folder and of those in it; raises KikimoriError."""
    files = sorted(folder.rglob("*.txt"))
    if not files:
        raise KikimoriError.of("templates_none", folder=folder)
    return [
        Sample(text, template.label, template.origin, SPOKEN_WEIGHT if template.together else 1.0)
        for path in files
        for template in read_templates(path)
        for text in template.several(PER_TEMPLATE, random.Random(template.name))  # noqa: S311  (repeatable)
    ]


def calm(path: Path) -> list[Sample]:
    """Read calm sentences: `dialogue<TAB>sentence` a line, compressed; raises KikimoriError."""
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            parts = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
        return [Sample(text, HARMLESS, f"calm/{dialogue}") for dialogue, text in parts]
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise KikimoriError.of("calm_unreadable", file=path, reason=error) from None


def fragments(calm_ones: Sequence[Sample], seed: int) -> list[Sample]:
    """Return a few words in a row of some calm sentences: people say "my company?" and "next week." too."""
    rng = random.Random(seed)  # noqa: S311  (repeatable)
    found = []
    for sample in rng.sample(calm_ones, round(len(calm_ones) * FRAGMENTS)):
        cut = words(plain(sample.text))
        length = rng.randint(1, MOST_OF_FRAGMENT)
        if len(cut) > length:
            first = rng.randrange(len(cut) - length + 1)
            text = "".join(word.surface for word in cut[first : first + length])
            found.append(Sample(text, HARMLESS, sample.origin))
    return found


def casual(calm_ones: Sequence[Sample], seed: int) -> list[Sample]:
    """Return some calm sentences that end in a plain form with one of `ENDINGS`: rough words are not in the ending."""
    rng = random.Random(seed)  # noqa: S311  (repeatable)
    found = []
    for sample in rng.sample(calm_ones, round(len(calm_ones) * CASUAL)):
        text = sample.text.rstrip("。")
        cut = words(plain(text))
        if cut and cut[-1].form.startswith("終止形") and cut[-1].end == len(text):
            found.append(Sample(text + rng.choice(ENDINGS), HARMLESS, sample.origin))
    return found


def remarks(calm_ones: Sequence[Sample], seed: int) -> list[Sample]:
    """Return some words of calm sentences up to a noun with one of `REMARK_ENDINGS`: "only the door!" is no insult."""
    rng = random.Random(seed)  # noqa: S311  (repeatable)
    found = []
    for sample in rng.sample(calm_ones, round(len(calm_ones) * REMARKS)):
        cut = words(plain(sample.text))
        length = rng.randint(1, MOST_OF_REMARK)
        nouns = [number for number, word in enumerate(cut) if word.part in _NOUNS]
        if nouns:
            last = rng.choice(nouns)
            text = "".join(word.surface for word in cut[max(0, last - length + 1) : last + 1])
            found.append(Sample(text + rng.choice(REMARK_ENDINGS), HARMLESS, sample.origin))
    return found


def of_cases(path: Path, cases: Iterable[Case], categories: Sequence[str], weight: float) -> list[Sample]:
    """Take an office's own utterances: the first category that a model knows, or harmless.

    Dialogues, and utterances for which any alarm is right, say no category and are left out.
    """
    found = []
    for number, case in enumerate(cases):
        if case.text is None:
            continue
        label = (
            HARMLESS if case.harmless else next((each for each in case.expected if each in categories), None)
        )
        if label is not None:
            found.append(Sample(case.text, label, f"{path.name}/{number}", weight))
    return found


def joined(samples: Sequence[Sample], calm_ones: Sequence[Sample], seed: int) -> list[Sample]:
    """Return some sentences once more, before or behind a harmless one. Held ones are joined with held ones."""
    rng = random.Random(seed)  # noqa: S311  (repeatable)
    found = []
    for held in (False, True):
        pool = [each for each in samples if each.held is held]
        others = [
            [each for each in pool if each.label == HARMLESS],
            [each for each in calm_ones if each.held is held],
        ]
        others = [each for each in others if each]
        for sample in rng.sample(pool, round(len(pool) * JOINED)) if others else ():
            other = rng.choice(rng.choice(others))
            first, then = (sample, other) if rng.random() < 0.5 else (other, sample)
            found.append(Sample(f"{first.text}、{then.text}", sample.label, sample.origin, sample.weight))
    return found
