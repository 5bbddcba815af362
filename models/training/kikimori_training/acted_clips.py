"""Clips of acted speech for `kikimori evaluate-effort`, as a telephone brings them: OUT/{calm,shout,joy,fear}/SPEAKER_NAME.wav.

Reads local clones; commits nothing. ASED (wgwangang/ASED_V1, Amharic, 65 lay speakers): all clips of a speaker are one
call. TESS (deepxzy/Toronto-emotional-speech-set, English, two women): ten calls of 20 words each a woman and mood, the
words in the same order. Both are for measuring only: nothing that is shipped learns from them.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import track

from kikimori_training.telephone import RATE, Law, g711, recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CALLS, WORDS = 10, 20
"""Calls of a woman of TESS in one mood, and the words of each."""
_ASED = re.compile(r"(?P<mood>[anfh])\d+-\d+-\d+-(?P<gender>\d+)-(?P<speaker>\d+)")
_ASED_MOODS = {"n": "calm", "a": "shout", "h": "joy", "f": "fear"}
_TESS = re.compile(r"(?:\d+test)?(?P<woman>OAF|YAF)_(?P<word>\w+?)_(?P<mood>[a-z]+)\d*")
_TESS_MOODS = {"neutral": "calm", "angry": "shout", "happy": "joy", "fear": "fear"}
_ORDER_SEED = 7


class ActedClip(NamedTuple):
    mood: str
    name: str
    """Of the file, its speaker before the first underscore."""
    path: Path


def ased(clone: Path) -> Iterator[ActedClip]:
    """Yield the clips of the four moods; names are mood-sentence-repetition-gender-speaker."""
    for path in sorted(clone.glob("0*/*.wav")):
        found = _ASED.fullmatch(path.stem)
        if found is not None:
            yield ActedClip(
                _ASED_MOODS[found["mood"]], f"{found['gender']}x{found['speaker']}_{path.stem}", path
            )


def tess(clone: Path) -> Iterator[ActedClip]:
    """Yield the clips of the four moods; names are woman_word_mood."""
    words: dict[tuple[str, str], list[tuple[str, Path]]] = defaultdict(list)
    for path in sorted(clone.glob("datasets/**/*.wav")):
        found = _TESS.fullmatch(path.stem)
        mood = _TESS_MOODS.get(found["mood"]) if found is not None else None
        if found is not None and mood is not None:
            words[found["woman"], mood].append((found["word"], path))
    for (woman, mood), said in words.items():
        said.sort(key=lambda each: each[0])
        random.Random(_ORDER_SEED).shuffle(said)
        for number, (word, path) in enumerate(said[: CALLS * WORDS]):
            call, place = divmod(number, WORDS)
            yield ActedClip(mood, f"{woman}{call}_{place:02d}_{word}.{path.stem}", path)


CORPORA = {"ased": ased, "tess": tess}


def carry(clip: ActedClip, out: Path, law: Law) -> None:
    """Write a clip in the telephone's band, as G.711 gives it."""
    carried = g711(recording(clip.path), law)
    path = out / clip.mood / f"{clip.name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(carried, -1, 1), RATE, subtype="PCM_16")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.acted_clips", description=__doc__)
    parser.add_argument("corpus", choices=sorted(CORPORA))
    parser.add_argument("clone", type=Path, help="local clone of the corpus")
    parser.add_argument("--law", choices=("a", "mu"), default="a", help="coding of G.711 (default: a)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    clips = list(CORPORA[options.corpus](options.clone))
    if not clips:
        parser.error(f"no recordings of {options.corpus} under {options.clone}")
    law = Law.A if options.law == "a" else Law.MU
    console = Console()
    for clip in track(clips, "clips", console=console, transient=True):
        carry(clip, options.out, law)
    console.print(
        f"{len(clips)} clips of {len({clip.name.partition('_')[0] for clip in clips})} calls or speakers"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
