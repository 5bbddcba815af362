"""The clips that `tests/training/test_ja_synth.py` decodes: `python -m kikimori_training.asr.clips FOLDER`.

Each is one sentence by the held-out speaker over a telephone line (band, mu-law), 8 kHz FLAC, with a JSON file
of its words and their true times from the synthesiser.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile

from kikimori_training.asr.augment import Band, Way, render
from kikimori_training.asr.features import RATE
from kikimori_training.asr.synth import HELD_OUT_SPEAKER, speak
from kikimori_training.asr.words import analyse
from kikimori_training.telephone import Law

SENTENCES = {
    "superior": "いいから早く責任者に電話を代われ",
    "refusal": "申し訳ございませんが、返金には応じかねます",
    "threat": "ただで済むと思うなよ、夜道には気をつけろよ",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in SENTENCES.items():
        utterance = analyse(text)
        clip = speak(utterance, HELD_OUT_SPEAKER)
        audio, ends = render(clip, Way(band=Band.TELEPHONE, law=Law.MU), np.random.default_rng(1), [])
        soundfile.write(folder / f"{name}.flac", audio.astype(np.int16), RATE, subtype="PCM_16")
        words = []
        at = 1  # the first phone is the silence before
        for word in utterance.words:
            length = 1 if word is None else len(word.phones)
            if word is not None:
                start, end = ends[at - 1], ends[at + length - 1]
                words.append(
                    {"word": word.text, "start": round(float(start), 3), "end": round(float(end), 3)}
                )
            at += length
        truth = {"text": "".join(utterance.tokens), "words": words}
        (folder / f"{name}.json").write_text(
            json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
