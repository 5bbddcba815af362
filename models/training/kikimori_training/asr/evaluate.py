"""Character error rate and cost of decoding through Vosk's streaming recogniser at 8 kHz in 0.2 s chunks."""

from __future__ import annotations

import argparse
import json
import pickle
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr
import vosk

from kikimori_training.asr.augment import Band, Way, render
from kikimori_training.asr.features import RATE
from kikimori_training.asr.score import Score, plain
from kikimori_training.asr.synth import HELD_OUT_SPEAKER
from kikimori_training.telephone import Law

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kikimori_training.asr.synth import Clip

CHUNK_S = 0.2
CONDITIONS = {
    "clean": Way(),
    "telephone band": Way(band=Band.TELEPHONE),
    "mu-law": Way(band=Band.TELEPHONE, law=Law.MU),
    "15 dB noise": Way(band=Band.TELEPHONE, law=Law.MU, snr_db=15.0),
    "overdriven": Way(band=Band.TELEPHONE, law=Law.MU, shout=True, level_dbfs=-10.0),
}


def decode(model: Any, audio: NDArray[np.floating]) -> list[dict[str, Any]]:
    """All words that the recogniser gives for int16-scale samples at 8 kHz, with start and end in s."""
    recogniser = vosk.KaldiRecognizer(model, RATE)
    recogniser.SetWords(True)
    data = audio.astype(np.int16).tobytes()
    step = int(CHUNK_S * RATE) * 2
    words: list[dict[str, Any]] = []
    for at in range(0, len(data), step):
        if recogniser.AcceptWaveform(data[at : at + step]):
            words += json.loads(recogniser.Result()).get("result", [])
    words += json.loads(recogniser.FinalResult()).get("result", [])
    return words


def sentence(words: Iterable[dict[str, Any]]) -> str:
    return "".join(w["word"] for w in words)


def measure(
    model: Any, clips: Sequence[Clip], babble: Sequence[Clip], show: bool
) -> dict[str, dict[str, dict[str, float]]]:
    """Figures per condition, over all clips and over those of the held-out speaker."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for name, way in CONDITIONS.items():
        rng = np.random.default_rng(5)
        everything, held_out = Score(), Score()
        for clip in clips:
            audio, _ = render(clip, way, rng, babble)
            began = time.process_time()
            heard = sentence(decode(model, audio))
            cpu = time.process_time() - began
            said = "".join(clip.tokens)
            everything.add(said, heard, len(audio) / RATE, cpu)
            if clip.speaker == HELD_OUT_SPEAKER:
                held_out.add(said, heard)
            if show and plain(heard) != plain(said):
                print(f"  {name}: {said} → {heard}")
        out[name] = {"all": everything.figures(), "held_out_speaker": held_out.figures()}
    return out


def calls(model: Any, folder: Path, show: bool) -> dict[str, dict[str, float]]:
    """Figures per demo call and leg: FLAC with the customer left, the operator right, truth JSON beside it."""
    out = {}
    for path in sorted(folder.glob("*.flac")):
        audio, rate = soundfile.read(path, dtype="float64", always_2d=True)
        truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        for channel, leg in enumerate(("customer", "operator")):
            samples = soxr.resample(audio[:, channel], rate, RATE) * 32767.0
            said = "".join(s["text"] for s in truth["segments"] if s["role"] == leg)
            score = Score()
            began = time.process_time()
            heard = sentence(decode(model, samples))
            score.add(said, heard, len(samples) / RATE, time.process_time() - began)
            out[f"{path.stem} {leg}"] = score.figures()
            if show:
                print(f"{path.stem} {leg}\n  said  {said}\n  heard {heard}")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.asr.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="model folder, for example models/ja-synth")
    parser.add_argument(
        "--work", type=Path, help="working folder of the recipe: measures on its held-out clips"
    )
    parser.add_argument(
        "--calls", type=Path, help="folder of two-leg calls (*.flac with *.json): measures on them"
    )
    parser.add_argument("--show", action="store_true", help="print every difference")
    parser.add_argument("--limit", type=int, default=0, help="only this many held-out clips")
    args = parser.parse_args()
    vosk.SetLogLevel(-1)
    model = vosk.Model(str(args.model))
    report: dict[str, Any] = {}
    if args.work:
        clips = pickle.loads((args.work / "held_out.pkl").read_bytes())  # noqa: S301 — written by the recipe
        unseen = pickle.loads((args.work / "unseen.pkl").read_bytes())  # noqa: S301
        if args.limit:
            half = args.limit // 2
            clips = clips[:half] + clips[-half:]
        report["held_out_speaker"] = asdict(HELD_OUT_SPEAKER)
        report["held_out"] = measure(model, clips, clips, args.show)
        report["unseen"] = measure(model, unseen, clips, args.show)
    if args.calls:
        report["calls"] = calls(model, args.calls, args.show)
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
