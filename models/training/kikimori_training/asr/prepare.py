"""First steps: `sentences` writes text.json (language-model sentences, lexicon, split); `speak` the audio clips.

The clips are stored as `train.pkl` and `held_out.pkl` in the working folder.
"""

from __future__ import annotations

import json
import pickle
import random
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.progress import track

from kikimori_training.asr.corpus import Corpus
from kikimori_training.asr.sources import calm_sentences, spoken_templates
from kikimori_training.asr.synth import HELD_OUT_SPEAKER, RATE, random_man, random_speaker, speak_all
from kikimori_training.asr.words import SynthUtterance, UnreadableError, analyse, spelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kikimori_training.asr.synth import Speaker

SEED = 20261123
MOST_TIMES = 4
"""A sentence counts so often for the language model, at most, however often it was drawn."""
MEN_OF_FIVE = 3
SPOKEN_WEIGHT = 4
"""Weight of sentences as customers say them against those of the corpus."""


def is_held_out(text: str) -> bool:
    """A tenth of the sentences, by a hash, so that the split does not depend on the order."""
    return zlib.crc32(text.encode()) % 10 == 0


def sentences(corpus_folder: Path, work: Path, count: int, words_folders: Sequence[Path] = ()) -> None:
    """Draw sentences, read them, keep the distinct readable ones; the language model never sees the held-out ones.

    A word that is met once, in calm talk alone, becomes no entry of the lexicon: the language model learns it as the
    syllables that it is spelled with, and so how unknown words sound.
    """
    rng = random.Random(SEED)
    drawn = Counter(Corpus.read(corpus_folder).sentences(count, rng))
    templates = spoken_templates(words_folders, rng)
    calm = Counter[str]()
    for file in sorted(path for folder in words_folders for path in folder.glob("calm-*.txt.xz")):
        calm += calm_sentences(file)
    readable: dict[str, SynthUtterance] = {}
    for text in track(sorted({*drawn, *templates, *calm}), description="readings"):
        try:
            readable[text] = analyse(text)
        except (UnreadableError, RuntimeError):
            continue
    weights = Counter({text: min(times, MOST_TIMES) for text, times in (drawn + calm).items()})
    weights.update({text: SPOKEN_WEIGHT * times for text, times in templates.items()})
    seen = Counter(word for text, said in readable.items() for word in said.tokens)
    own = {word for text in (*drawn, *templates) if text in readable for word in readable[text].tokens}
    known = {word for word, times in seen.items() if times > 1 or word in own}
    lexicon: set[tuple[str, str]] = set()
    rows: list[list[Any]] = []
    for text, said in readable.items():
        tokens: list[str] = []
        for word in said.words:
            if word is None:
                continue
            parts = [(word.text, word.phones)] if word.text in known else spelled(word.phones)
            lexicon |= {(part, " ".join(phones)) for part, phones in parts}
            tokens += [part for part, _ in parts]
        if text in templates or text in calm or not is_held_out(text):
            rows.append([tokens, weights[text]])
    content: dict[str, list[Any]] = {
        "lm": rows,
        "lexicon": sorted(lexicon),
        "train": sorted(text for text in readable if not is_held_out(text)),
        "held_out": sorted(text for text in readable if text in drawn and is_held_out(text)),
    }
    work.mkdir(parents=True, exist_ok=True)
    (work / "text.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    print(
        f"{len(readable)} distinct sentences, {len(drawn)} of templates of the corpus, "
        f"{len(content['held_out'])} held out, {len({w for w, _ in lexicon})} words",
        flush=True,
    )


def speak(
    corpus_folder: Path, work: Path, *, clips: int, held_out: int, workers: int, men: Sequence[Path] = ()
) -> None:
    """Random training sentences by random speakers; held-out sentences, half of them by the held-out speaker.

    `unseen` are sentences written by hand, not from the templates (unseen.txt). `men` are voices of men for `hts_engine`, which
    speak three of five training clips.
    """
    rng = random.Random(SEED)
    content = json.loads((work / "text.json").read_text(encoding="utf-8"))
    train, unseen = content["train"], content["held_out"]
    rng.shuffle(train)
    rng.shuffle(unseen)
    speakers = [
        random_man(rng, rng.choice(men)) if men and i % 5 < MEN_OF_FIVE else random_speaker(rng)
        for i in range(clips)
    ]
    _store(work, "train", [(train[i % len(train)], speaker) for i, speaker in enumerate(speakers)], workers)
    half = held_out // 2
    jobs = [(text, HELD_OUT_SPEAKER) for text in unseen[:half]]
    _store(work, "held_out", jobs + [(text, random_speaker(rng)) for text in unseen[half:held_out]], workers)
    free = (corpus_folder / "unseen.txt").read_text(encoding="utf-8").splitlines()
    _store(
        work,
        "unseen",
        [(text, random_speaker(rng) if i % 2 else HELD_OUT_SPEAKER) for i, text in enumerate(free)],
        workers,
    )


def _store(work: Path, name: str, jobs: list[tuple[str, Speaker]], workers: int) -> None:
    readable = [(analyse(text), speaker) for text, speaker in jobs]
    clips = list(track(speak_all(readable, workers), total=len(readable), description=f"speaking {name}"))
    with (work / f"{name}.pkl").open("wb") as file:
        pickle.dump(clips, file)
    print(f"{name}: {len(clips)} clips, {sum(len(c.samples) for c in clips) / RATE / 60:.1f} min", flush=True)
