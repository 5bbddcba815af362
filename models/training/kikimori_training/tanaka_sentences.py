"""Everyday sentences for the second opinion's model, drawn from the Tanaka Corpus (CC BY 2.0 FR).

    git clone https://github.com/odashi/small_parallel_enja
    PYTHONPATH=models/training python -m kikimori_training.tanaka_sentences small_parallel_enja/train.ja --out FILE.txt.xz

Its sentences are of all kinds, so those that hold a phrase that raises an alert are left out, and those of `tanaka-left-out.txt`.
"""

from __future__ import annotations

import argparse
import lzma
import random
from pathlib import Path

from kikimori.config import AgentConfig
from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.evidence import Role
from kikimori_lab.evaluation.case_judge import utterance

SOURCE = (
    "# Sentences of the Tanaka Corpus by way of https://github.com/odashi/small_parallel_enja, now part of Tatoeba "
    "(https://tatoeba.org), CC BY 2.0 FR; drawn at random, spaces between words taken out. NUMBER<TAB>SENTENCE"
)
LEFT_OUT = Path(__file__).parents[1] / "tanaka-left-out.txt"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="train.ja: one sentence a line, spaces between its words")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.txt.xz")
    parser.add_argument("--sentences", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=16)
    args = parser.parse_args()
    config = AgentConfig()
    book = load_phrases(config.phrase_files())
    judged = {rule.category for rule in load_rules(config.rule_files()) if isinstance(rule, PhraseRule)}
    known = set(LEFT_OUT.read_text(encoding="utf-8").splitlines())
    found = {line.replace(" ", "") for line in args.file.read_text(encoding="utf-8").splitlines()} - known
    calm = [
        sentence
        for sentence in sorted(found)
        if not judged
        & {match.category for match in book.find(utterance(sentence, 5.0, Role.CUSTOMER)).matches}
    ]
    chosen = random.Random(args.seed).sample(calm, min(args.sentences, len(calm)))
    with lzma.open(args.out, "wt", encoding="utf-8", preset=9) as out:
        out.write(f"{SOURCE}\n")
        out.writelines(f"{number}\t{sentence}\n" for number, sentence in enumerate(sorted(chosen)))


if __name__ == "__main__":
    main()
