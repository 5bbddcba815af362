"""Everyday sentences for the second opinion's model: of the Tanaka Corpus, of Tatoeba (CC BY 2.0 FR) and of ROHAN (CC0).

    git clone https://github.com/odashi/small_parallel_enja
    git clone https://github.com/mmorise/rohan4600
    W=models/training/words
    PYTHONPATH=models/training python -m kikimori_training.everyday_sentences tanaka small_parallel_enja/train.ja --out $W/calm-tanaka.txt.xz
    PYTHONPATH=models/training python -m kikimori_training.everyday_sentences tatoeba jpn.txt small_parallel_enja/train.ja \
        --besides $W/calm-tanaka.txt.xz --sentences 60000 --out $W/calm-tatoeba.txt.xz
    PYTHONPATH=models/training python -m kikimori_training.everyday_sentences rohan rohan4600/Rohan4600_transcript_utf8.txt \
        --out $W/calm-rohan.txt.xz

`jpn.txt` holds pairs of English and Japanese sentences of Tatoeba as https://www.manythings.org/anki/ selects them. These sentences are of
all kinds, so those that hold a phrase that raises an alert are left out, and those of the files `…-left-out.txt`.
"""

from __future__ import annotations

import argparse
import lzma
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.config import AgentConfig
from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import load_rules
from kikimori_core.judging.second_opinion.meaning import letters
from kikimori_core.judging.words.sound import plain
from kikimori_core.model.evidence import Role
from kikimori_lab.evaluation.case_judge import utterance
from kikimori_lab.retraining.samples import calm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEFT_OUT = Path(__file__).parents[1]
SOURCES = {
    "tanaka": "Sentences of the Tanaka Corpus by way of https://github.com/odashi/small_parallel_enja, now part of Tatoeba "
    "(https://tatoeba.org), CC BY 2.0 FR; drawn at random, spaces between words taken out.",
    "tatoeba": "Sentences of Tatoeba (https://tatoeba.org) by way of https://www.manythings.org/anki/ and "
    "https://github.com/odashi/small_parallel_enja, CC BY 2.0 FR; spaces between words taken out.",
    "rohan": "Sentences of ROHAN (https://github.com/mmorise/rohan4600), CC0; readings in brackets taken out.",
}
_READING = re.compile(r"\([^)]*\)")
_OF_ROHAN = re.compile(r"ROHAN4600_\d+:(?P<text>[^,]+),")


def sentences_of(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the Japanese sentence of each line: the second of a pair, one of ROHAN without its readings, or words with spaces."""
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if numbered := _OF_ROHAN.match(line):
                yield _READING.sub("", numbered["text"])
            elif "\t" in line:
                yield line.split("\t")[1]
            else:
                yield line.replace(" ", "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", choices=SOURCES)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.txt.xz")
    parser.add_argument(
        "--besides", type=Path, nargs="*", default=[], help="files made before: none of theirs"
    )
    parser.add_argument("--sentences", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=16)
    args = parser.parse_args()
    config = AgentConfig()
    book = load_phrases(config.phrase_files())
    judged = {rule.category for rule in load_rules(config.rule_files()) if isinstance(rule, PhraseRule)}
    left_out = LEFT_OUT / f"{args.source}-left-out.txt"
    known = set(left_out.read_text(encoding="utf-8").splitlines()) if left_out.exists() else set()
    before = {letters(plain(each.text)) for path in args.besides for each in calm(path)}
    found = set(sentences_of(args.files)) - known
    if before:
        by_letters = {letters(plain(each)): each for each in sorted(found)}
        found = {each for said, each in by_letters.items() if said and said not in before}
    harmless = [
        sentence
        for sentence in sorted(found)
        if not judged
        & {match.category for match in book.find(utterance(sentence, 5.0, Role.CUSTOMER)).matches}
    ]
    chosen = random.Random(args.seed).sample(harmless, min(args.sentences, len(harmless)))
    with lzma.open(args.out, "wt", encoding="utf-8", preset=9) as out:
        out.write(f"# {SOURCES[args.source]} NUMBER<TAB>SENTENCE\n")
        out.writelines(f"{number}\t{sentence}\n" for number, sentence in enumerate(sorted(chosen)))


if __name__ == "__main__":
    main()
