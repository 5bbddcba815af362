"""Public corpora of calm dialogues as files for `kikimori evaluate-words --calm`. Reads local clones; commits nothing.

ASDC (megagonlabs/asdc, CC BY 4.0): guests and a lodging's operators. RealPersonaChat (nu-dialogue/real-persona-chat,
CC BY-SA 4.0) and Multi-Relational Multi-Party Chat Corpus (nu-dialogue/multi-relational-multi-party-chat-corpus,
CC BY-SA 4.0): small talk of two and of three. The files made here fall under the same licences.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.progress import track

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATORS = ("operator", "agent")
"""Names of ASDC's employees begin so."""


class Dialogue(NamedTuple):
    name: str
    turns: list[tuple[str, str]]
    """Speaker and text."""


def asdc(clone: Path) -> Iterator[Dialogue]:
    """Yield the 210 whole consultations."""
    for path in _found(clone, "data/main/dialog/json/*.json"):
        document = _read(path)
        yield Dialogue(document["meta"]["id"]["id"], [_asdc_turn(each) for each in document["utterances"]])


def asdc_short(clone: Path) -> Iterator[Dialogue]:
    """Yield the supplemental and vanilla parts: a question and its answer, or four turns."""
    paths = (
        *_found(clone, "data/supplemental/utterances/*.jsonl"),
        *_found(clone, "data/vanilla/*.jsonl"),
    )
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            turns = [_asdc_turn(each) for each in json.loads(line)["utterances"]]
            yield Dialogue(f"{path.name.partition('.Vanilla')[0]}.{number}", turns)


def small_talk(clone: Path) -> Iterator[Dialogue]:
    """Yield chats; who serves whom is not known, so all speak as customers."""
    for path in _found(clone, "*/dialogues/**/*.json"):
        document = _read(path)
        turns = [("customer", each["text"]) for each in document["utterances"]]
        yield Dialogue(path.stem, turns)


def write(dialogues: Iterator[Dialogue], path: Path) -> tuple[int, int]:
    """Write one JSON object for each line of a turn, and return the numbers of dialogues and of lines."""
    many, lines = 0, 0
    with path.open("w", encoding="utf-8") as out:
        for name, turns in dialogues:
            many += 1
            for speaker, text in turns:
                for line in filter(None, map(str.strip, text.splitlines())):
                    found = {"text": line, "speaker": speaker, "dialogue": name}
                    out.write(json.dumps(found, ensure_ascii=False) + "\n")
                    lines += 1
    return many, lines


def _asdc_turn(utterance: dict[str, Any]) -> tuple[str, str]:
    speaker = "operator" if utterance["name"].startswith(OPERATORS) else "customer"
    return speaker, utterance["text"]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _found(clone: Path, pattern: str) -> list[Path]:
    paths = sorted(clone.glob(pattern))
    if not paths:
        sys.exit(f"{clone / pattern}: no such files; is it a clone of the repository?")
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--asdc", type=Path, metavar="CLONE", help="of megagonlabs/asdc")
    parser.add_argument("--rpc", type=Path, metavar="CLONE", help="of nu-dialogue/real-persona-chat")
    parser.add_argument(
        "--mrmp", type=Path, metavar="CLONE", help="of nu-dialogue/multi-relational-multi-party-chat-corpus"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="outside this repository")
    given = parser.parse_args()
    made: dict[str, Iterator[Dialogue]] = {}
    if given.asdc:
        made |= {"asdc": asdc(given.asdc), "asdc-short": asdc_short(given.asdc)}
    made |= {name: small_talk(clone) for name in ("rpc", "mrmp") if (clone := getattr(given, name))}
    if not made:
        parser.error("give at least one clone")
    given.out.mkdir(parents=True, exist_ok=True)
    for name, dialogues in made.items():
        many, lines = write(
            iter(track(dialogues, name, console=Console(stderr=True))), given.out / f"{name}.jsonl"
        )
        print(f"{name}: {many} dialogues, {lines} lines")


if __name__ == "__main__":
    main()
