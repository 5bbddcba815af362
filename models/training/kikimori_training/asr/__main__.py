"""`python -m kikimori_training.asr`: the whole recipe, or some of its steps."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from kikimori_training.asr.export import Decoding, export
from kikimori_training.asr.prepare import sentences, speak
from kikimori_training.asr.train import train

TRAINING = Path(__file__).parents[2]
LEAST_GAIN = 18.0
"""Keeps the graph below 12 MB."""
STEPS = ("sentences", "speak", "voices", "train", "export")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m kikimori_training.asr",
        description="Make models/ja-synth: speak the corpus, train the network, build the graph, write the Vosk model.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "steps", nargs="*", default=list(STEPS), help=f"which of {', '.join(STEPS)}, in this order"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "kikimori-asr",
        help="working folder, about 1 GB",
    )
    parser.add_argument(
        "--corpus", type=Path, default=TRAINING / "corpus", help="folder of sentence templates"
    )
    parser.add_argument(
        "--out", type=Path, default=TRAINING.parent / "ja-synth", help="model folder to write"
    )
    parser.add_argument(
        "--words",
        type=Path,
        nargs="+",
        default=[TRAINING / "words"],
        help="folders of sentences as customers say them",
    )
    parser.add_argument("--sentences", type=int, default=50_000, help="sentences drawn from the templates")
    parser.add_argument("--clips", type=int, default=3600, help="training clips to speak")
    parser.add_argument("--neural", type=int, default=600, help="sentences to speak in the neural voices")
    parser.add_argument("--held-out", type=int, default=240, help="held-out clips to speak")
    parser.add_argument("--epochs", type=int, default=11)
    parser.add_argument("--width", type=int, default=256, help="units per network layer")
    parser.add_argument("--workers", type=int, default=1, help="processes and threads")
    parser.add_argument(
        "--least-gain",
        type=float,
        default=LEAST_GAIN,
        help="what a bigram or trigram must gain, natural log, to be kept",
    )
    parser.add_argument(
        "--men", type=Path, nargs="*", default=[], help="more voices for hts_engine (*.htsvoice), of men"
    )
    parser.add_argument(
        "--start",
        type=Path,
        help="model whose network finds the times of the neural clips' phones, and which training begins with",
    )
    defaults = Decoding()
    parser.add_argument("--lm-scale", type=float, default=defaults.lm_scale)
    parser.add_argument("--word-cost", type=float, default=defaults.word_cost)
    parser.add_argument("--acoustic-scale", type=float, default=defaults.acoustic_scale)
    parser.add_argument("--garbage-gain", type=float, default=defaults.garbage_gain)
    args = parser.parse_args()
    if unknown := set(args.steps) - set(STEPS):
        parser.error(f"unknown step: {', '.join(sorted(unknown))}")
    if "sentences" in args.steps:
        sentences(args.corpus, args.work, args.sentences, args.words)
    if "speak" in args.steps:
        speak(
            args.corpus,
            args.work,
            clips=args.clips,
            held_out=args.held_out,
            workers=args.workers,
            men=args.men,
        )
    if "voices" in args.steps:
        from kikimori_training.asr.voices import speak_neural  # noqa: PLC0415 — needs packages of its own

        speak_neural(args.work, args.neural, args.start)
    if "train" in args.steps:
        train(args.work, width=args.width, epochs=args.epochs, threads=args.workers, start=args.start)
    if "export" in args.steps:
        decoding = Decoding(
            lm_scale=args.lm_scale,
            word_cost=args.word_cost,
            acoustic_scale=args.acoustic_scale,
            garbage_gain=args.garbage_gain,
        )
        export(args.corpus, args.work, args.out, decoding, args.least_gain)


if __name__ == "__main__":
    main()
