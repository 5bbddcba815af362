"""Calm sentences for the second opinion's model, drawn from the files of ASDC that `calm_corpora` makes (CC BY 4.0).

One dialogue in five is left out, so that false alarms can be measured on it: `--held` writes those as a file for
`kikimori evaluate-words --calm`.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from kikimori_lab.evaluation.calm import sentences_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = (
    "# Sentences of the Accommodation Search Dialog Corpus, https://github.com/megagonlabs/asdc, "
    "(c) Megagon Labs, CC BY 4.0; drawn at random, otherwise unchanged. DIALOGUE<TAB>SENTENCE"
)


def held_back(dialogue: str) -> bool:
    """Say whether a dialogue is kept for measuring."""
    return crc32(f"held/{dialogue}".encode()) % 5 == 0


def turns(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield dialogue and line of each turn."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["dialogue"], line


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", help="asdc.jsonl and asdc-short.jsonl")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.txt.xz")
    parser.add_argument("--held", type=Path, metavar="FILE.jsonl", help="write the dialogues left out")
    parser.add_argument("--sentences", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=16)
    args = parser.parse_args()
    drawn: dict[str, str] = {}
    left_out: list[str] = []
    for dialogue, line in turns(args.files):
        if held_back(dialogue):
            left_out.append(line)
            continue
        for sentence in sentences_in(json.loads(line)["text"]):
            drawn.setdefault(re.sub(r"\s+", " ", sentence), dialogue)
    chosen = random.Random(args.seed).sample(sorted(drawn.items()), min(args.sentences, len(drawn)))
    with lzma.open(args.out, "wt", encoding="utf-8", preset=9) as out:
        out.write(SOURCE + "\n")
        out.writelines(f"{dialogue}\t{sentence}\n" for sentence, dialogue in sorted(chosen, key=_by_dialogue))
    if args.held:
        args.held.write_text("".join(left_out), encoding="utf-8")


def _by_dialogue(one: tuple[str, str]) -> tuple[str, str]:
    return one[1], one[0]


if __name__ == "__main__":
    main()
