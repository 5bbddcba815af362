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
from kikimori_training.asr.synth import HELD_OUT_SPEAKER, RATE, random_speaker, speak_all
from kikimori_training.asr.words import UnreadableError, Utterance, analyse

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_training.asr.synth import Speaker

SEED = 20261123


def is_held_out(text: str) -> bool:
    """A tenth of the sentences, by a hash, so that the split does not depend on the order."""
    return zlib.crc32(text.encode()) % 10 == 0


def sentences(corpus_folder: Path, work: Path, count: int) -> None:
    """Draws sentences, reads them, keeps the distinct readable ones; the language model never sees the held-out."""
    drawn = Counter(Corpus.read(corpus_folder).sentences(count, random.Random(SEED)))
    readable: list[Utterance] = []
    for text in track(sorted(drawn), description="readings"):
        try:
            readable.append(analyse(text))
        except UnreadableError:
            continue
    lexicon = sorted({(w.text, " ".join(w.phones)) for u in readable for w in u.words if w is not None})
    train = [u for u in readable if not is_held_out(u.text)]
    content: dict[str, list[Any]] = {
        "lm": [[u.tokens, drawn[u.text]] for u in train],
        "lexicon": lexicon,
        "train": [u.text for u in train],
        "held_out": [u.text for u in readable if is_held_out(u.text)],
    }
    work.mkdir(parents=True, exist_ok=True)
    (work / "text.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    print(
        f"{len(drawn)} distinct sentences, {len(drawn) - len(readable)} unreadable, "
        f"{len(content['held_out'])} held out, {len({w for w, _ in lexicon})} words",
        flush=True,
    )


def speak(corpus_folder: Path, work: Path, *, clips: int, held_out: int, workers: int) -> None:
    """Random training sentences by random speakers; held-out sentences, half of them by the held-out speaker.

    `unseen` are sentences written by hand, not from the templates (unseen.txt).
    """
    rng = random.Random(SEED)
    content = json.loads((work / "text.json").read_text(encoding="utf-8"))
    train, unseen = content["train"], content["held_out"]
    rng.shuffle(train)
    rng.shuffle(unseen)
    _store(work, "train", [(train[i % len(train)], random_speaker(rng)) for i in range(clips)], workers)
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
