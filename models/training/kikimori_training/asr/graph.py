"""The decoding graph HCLG: lexicon and language model joined by OpenFst's tools, then phones to transitions.

Phones are independent of their context (there is no C), so HCLG is LG with each phone arc replaced by the
phone's single state: one forward transition, then any number of self-loops ("reordered", as Kaldi has it).
"""

from __future__ import annotations

import math
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_training.asr.align import GARBAGE, NOISE, SIL
from kikimori_training.asr.lm import BEGIN, END, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kikimori_training.asr.lm import Lm

EPS = "<eps>"
BACK_OFF = "#0"
SIL_COST = -math.log(0.2)
NOISE_COST = -math.log(0.02)


@dataclass(frozen=True)
class Symbols:
    phones: list[str]
    """Graph phones from id 1: sil, nsn, spn, then each phone at a word's begin, end, inside, and alone."""
    words: list[str]
    """Word ids; 0 is <eps>."""

    @classmethod
    def of(cls, names: Sequence[str], vocabulary: Sequence[str]) -> Symbols:
        speech = [n for n in names if n not in {SIL, NOISE, GARBAGE}]
        positions = [f"{name}_{position}" for name in speech for position in "BEIS"]
        return cls([SIL, NOISE, GARBAGE, *positions], [EPS, *vocabulary, UNKNOWN])

    def word_boundary(self) -> str:
        kinds = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
        rows = [f"{i} {kinds[p[-1]]}" for i, p in enumerate(self.phones[3:], 4)]
        return "\n".join(["1 nonword", "2 nonword", "3 singleton", *rows]) + "\n"


def positioned(phones: Sequence[str]) -> list[str]:
    if len(phones) == 1:
        return [f"{phones[0]}_S"]
    return [f"{phones[0]}_B", *(f"{p}_I" for p in phones[1:-1]), f"{phones[-1]}_E"]


def lexicon_fst(lexicon: Sequence[tuple[str, str]], word_cost: float = 0.0) -> tuple[list[str], int]:
    """Text of L, one loop state 0; homophones get disambiguation symbols #1, #2, …; also how many there are."""
    lines = [
        f"0 0 {SIL} {EPS} {SIL_COST}",
        f"0 0 {NOISE} {EPS} {NOISE_COST}",
        f"0 0 {GARBAGE} {UNKNOWN} {word_cost}",
    ]
    lines.append(f"0 0 {BACK_OFF} {BACK_OFF}")
    sharing: dict[str, int] = defaultdict(int)
    state, most = 1, 0
    for word, reading in lexicon:
        sharing[reading] += 1
        most = max(most, sharing[reading])
        path = [*positioned(reading.split()), f"#{sharing[reading]}"]
        for i, symbol in enumerate(path):
            source = 0 if i == 0 else state - 1
            target = 0 if i == len(path) - 1 else state
            output, cost = (word, word_cost) if i == 0 else (EPS, 0.0)
            lines.append(f"{source} {target} {symbol} {output} {cost}")
            state += target != 0
    return [*lines, "0"], most


def grammar_fst(lm: Lm, scale: float) -> list[str]:
    """Text of G; weights are scaled costs, back-off arcs read #0."""
    number = {
        history: i for i, history in enumerate([(BEGIN,), *(h for h in lm.probability if h != (BEGIN,))])
    }
    lines, finals = [], []
    for history, state in number.items():
        for word, probability in lm.probability[history].items():
            cost = -scale * math.log(probability)
            if word == END:
                finals.append(f"{state} {cost:.4f}")
            else:
                lines.append(f"{state} {number[lm.next_history(history, word)]} {word} {word} {cost:.4f}")
        if history:
            target = history[1:]
            while target not in number:
                target = target[1:]
            cost = -scale * math.log(lm.back_off[history])
            lines.append(f"{state} {number[target]} {BACK_OFF} {EPS} {cost:.4f}")
    # The start state must be the first one mentioned.
    lines.sort(key=lambda line: not line.startswith("0 "))
    return lines + finals


def build_graph(
    work: Path,
    lexicon: Sequence[tuple[str, str]],
    lm: Lm,
    symbols: Symbols,
    *,
    scale: float,
    word_cost: float,
) -> Path:
    """Writes work/HCLG.fst and returns its path."""
    lexicon_lines, most = lexicon_fst(lexicon, word_cost)
    disambiguation = [BACK_OFF, *(f"#{i}" for i in range(1, most + 1))]
    _table(work / "phones.txt", [EPS, *symbols.phones, *disambiguation])
    _table(work / "words.txt", [*symbols.words, BACK_OFF])
    (work / "L.txt").write_text("\n".join(lexicon_lines) + "\n", encoding="utf-8")
    (work / "G.txt").write_text("\n".join(grammar_fst(lm, scale)) + "\n", encoding="utf-8")
    _shell(
        work,
        "fstcompile --isymbols=phones.txt --osymbols=words.txt L.txt | fstarcsort --sort_type=olabel > L.fst",
        "fstcompile --isymbols=words.txt --osymbols=words.txt G.txt | fstarcsort > G0.fst",
        "fstcompose L.fst G0.fst | fstdeterminize | fstencode --encode_labels - codex.fst"
        " | fstminimize | fstencode --decode - codex.fst > LG.fst",
        "fstprint LG.fst > LG.txt",
    )
    lines = phones_to_transitions((work / "LG.txt").read_text().splitlines(), len(symbols.phones))
    (work / "HCLG.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _shell(work, "fstcompile HCLG.txt | fstconnect | fstarcsort --sort_type=ilabel > HCLG.fst")
    return work / "HCLG.fst"


def phones_to_transitions(lines: Sequence[str], phones: int) -> list[str]:
    """Rewrites LG's phone arcs as transitions: 2p forward (into the phone), 2p-1 its self-loop.

    Where all arcs into a state carry one phone, the state itself holds that phone's self-loop. Otherwise the
    phone gets a state of its own, left by an arc that reads nothing.
    """
    arcs: list[tuple[int, int, int, int, str]] = []
    finals: list[str] = []
    entering: dict[int, set[int]] = defaultdict(set)
    states = 0
    for line in lines:
        parts = line.split()
        if len(parts) < 3:
            finals.append(line)
            states = max(states, int(parts[0]))
            continue
        source, target, phone, word = (int(p) for p in parts[:4])
        phone = 0 if phone > phones else phone
        arcs.append((source, target, phone, word, parts[4] if len(parts) > 4 else "0"))
        entering[target].add(phone)
        states = max(states, source, target)
    start = arcs[0][0]
    out: list[str] = []
    own: dict[tuple[int, int], int] = {}
    looped: set[int] = set()
    for source, target, phone, word, cost in arcs:
        if phone == 0:
            out.append(f"{source} {target} 0 {word} {cost}")
            continue
        if len(entering[target]) == 1 and target != start:
            hold = target
        else:
            hold = own.get((target, phone), 0)
            if not hold:
                states += 1
                hold = own[target, phone] = states
                out.append(f"{hold} {target} 0 0 0")
        out.append(f"{source} {hold} {2 * phone} {word} {cost}")
        if hold not in looped:
            looped.add(hold)
            out.append(f"{hold} {hold} {2 * phone - 1} 0 0")
    return out + finals


def _table(path: Path, symbols: Sequence[str]) -> None:
    path.write_text("".join(f"{s} {i}\n" for i, s in enumerate(symbols)), encoding="utf-8")


def _shell(work: Path, *commands: str) -> None:
    for command in commands:
        subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=work, check=True)
