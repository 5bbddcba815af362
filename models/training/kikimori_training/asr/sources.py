"""Sentences beside the templates of `corpus/`: those of `words/*.txt`, and calm ones of `words/calm-*.txt.xz`.

A line of `words/*.txt` that begins with `+` or `-` is a template of one sentence as customers say it, alarming or harmless;
`(a|b|)` stands for one of its parts. Files of other folders in the same format can be added.
"""

from __future__ import annotations

import lzma
import re
from collections import Counter
from typing import TYPE_CHECKING

from kikimori_training.asr.corpus import Corpus

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

DRAWS = 12
"""Sentences drawn from a template, at most; one without alternatives gives the same each time and is not repeated."""
PLAIN_WEIGHT = 3
"""Count of a sentence that stands in a file as it is said."""
_LATIN = re.compile(r"[A-Za-zＡ-Ｚａ-ｚ]")


def spoken_templates(folders: Iterable[Path], rng: random.Random, draws: int = DRAWS) -> Counter[str]:
    """Return sentences of all `*.txt` files with their counts."""
    empty = Corpus()
    found: Counter[str] = Counter()
    for path in sorted(p for folder in folders for p in folder.glob("*.txt")):
        for row in path.read_text(encoding="utf-8").splitlines():
            if row[:2] not in {"+ ", "- "}:
                continue
            template = row[2:].strip()
            many = min(draws, 2 * (1 + template.count("|")))
            drawn = {empty.expand(template, rng) for _ in range(many)}
            found.update(dict.fromkeys(drawn, PLAIN_WEIGHT if len(drawn) == 1 else 1))
    return found


def calm_sentences(file: Path) -> Counter[str]:
    """Return the sentences of a file of calm ones (SOURCE<TAB>SENTENCE) with their counts."""
    found: Counter[str] = Counter()
    with lzma.open(file, "rt", encoding="utf-8") as rows:
        for row in rows:
            sentence = row.rstrip("\n").partition("\t")[2]
            if sentence and not _LATIN.search(sentence):
                found[sentence] += 1
    return found
