"""Make clips of calm and raised voices: OUT/{train,test}/CONDITION/{calm,shout}/SPEAKER_STYLE-N.flac, 8 kHz."""

from __future__ import annotations

import argparse
import os
import random
import sys
import warnings
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
from rich.console import Console
from rich.progress import Progress

from kikimori_training import telephone
from kikimori_training.asr.corpus import Corpus
from kikimori_training.calls import trimmed
from kikimori_training.effort.lines import CONDITIONS
from kikimori_training.effort.styles import CALM, SHOUT, TEST, TRAIN
from kikimori_training.effort.vocoder import Delivery, deliver
from kikimori_training.speech import RATE, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_training.measure import Audio
    from kikimori_training.speech import SynthVoice

CORPUS = Path(__file__).parents[2] / "corpus"
CATEGORIES = {"complaint", "request", "general", "narrative"}
"""Categories of the sentences; the words tell nothing here: shouts and calm speech say the same kind of
sentences."""

SENTENCES = 8
OF_CALM, OF_OTHERS, OF_SHOUTS = 8, 3, 4
TRAIN_CONDITIONS = 4
"""Of a training clip, drawn at random; a test clip goes through all."""


def sentences(count: int, seed: str) -> list[str]:
    """Sentences of ten to thirty characters."""
    corpus, rng = Corpus.read(CORPUS), random.Random(seed)
    templates = [each for group in corpus.groups if group.category in CATEGORIES for each in group.templates]
    found: list[str] = []
    while len(found) < count:
        text = corpus.expand(rng.choice(templates), rng)
        if 10 <= len(text) <= 30:
            found.append(text)
    return found


def spoken(name: str, voice: SynthVoice, times: int, *, calm_only: bool) -> dict[str, list[Audio]]:
    """Everything a speaker says, by style, at 16 kHz; `times` as much as usual."""
    base = [trimmed(say(text, voice)) for text in sentences(SENTENCES * times, name)]
    counts = {style: (OF_CALM if style == "calm" else OF_OTHERS) * times for style in CALM}
    if not calm_only:
        counts |= dict.fromkeys(SHOUT, OF_SHOUTS * times)
    deliveries: dict[str, Delivery] = {**CALM, **SHOUT}
    said = {}
    for number, (style, count) in enumerate(counts.items()):
        chosen = [base[(number + each) % len(base)] for each in range(count)]
        said[style] = [deliver(clip, RATE, deliveries[style]) for clip in chosen]
    return said


def make_speaker(out: Path, split: str, name: str, voice: SynthVoice, times: int, calm_only: bool) -> int:
    """Write one speaker's clips; return how many. Done already when the last folder is there."""
    warnings.simplefilter("ignore")
    done = out / split / f".{name}"
    if done.exists():
        return 0
    said = spoken(name, voice, times, calm_only=calm_only)
    others = [clip for clips in (said["calm"][:4], said["fast"]) for clip in clips]
    written = 0
    for style, clips in said.items():
        label = "calm" if style in CALM else "shout"
        for number, clip in enumerate(clips):
            seed = zlib.crc32(f"{name}/{style}/{number}".encode())
            conditions = list(CONDITIONS)
            if split == "train":
                conditions = random.Random(seed).sample(conditions, TRAIN_CONDITIONS)
            for condition in conditions:
                folder = out / split / condition / label
                folder.mkdir(parents=True, exist_ok=True)
                audio = CONDITIONS[condition](clip, seed, others)
                soundfile.write(
                    folder / f"{name}_{style}-{number}.flac", audio, telephone.RATE, subtype="PCM_16"
                )
                written += 1
    done.touch()
    return written


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.effort.clips", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="gets the folders train and test")
    parser.add_argument("--split", choices=("train", "test"), help="only this one")
    parser.add_argument("--speakers", nargs="*", metavar="NAME", help="only these speakers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--times", type=int, default=1, help="so many times as many sentences (default: 1)")
    parser.add_argument("--calm-only", action="store_true", help="no shouts")
    options = parser.parse_args(argv)
    work = [
        (split, name, voice, options.times, options.calm_only)
        for split, speakers in (("train", TRAIN), ("test", TEST))
        for name, voice in speakers.items()
        if options.split in (None, split) and (not options.speakers or name in options.speakers)
    ]
    for split, *_ in work:
        (options.out / split).mkdir(parents=True, exist_ok=True)
    with Progress(console=Console(stderr=True)) as progress, ProcessPoolExecutor(options.jobs) as processes:
        made = [processes.submit(make_speaker, options.out, *each) for each in work]
        for each in progress.track(made, description="Speakers"):
            each.result()
    return 0


if __name__ == "__main__":
    sys.exit(main())
