"""Does Vosk compute what PyTorch computed? `python -m kikimori_training.asr.verify --work … --model …`.

Gives the exported network a graph that is only a loop of phones, decodes held-out clips with it in Vosk, and
compares the phones with a Viterbi search over PyTorch's posteriors on our own MFCC. Vosk prints the sequence of
least expected error, not the best path, so a few phones may differ; a wrong export agrees on almost none.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import shutil
import subprocess
import tempfile
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import vosk

from kikimori_training.asr.augment import Band, Way, render
from kikimori_training.asr.export import priors_of
from kikimori_training.asr.features import DIM, RATE, mfcc
from kikimori_training.asr.graph import Symbols
from kikimori_training.asr.net import Tdnn
from kikimori_training.asr.train import outputs_of, padded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

PHONE_COST = 2.0
NO_ENDPOINT = "".join(f"--endpoint.rule{n}.min-trailing-silence=60\n" for n in (2, 3, 4))


def phone_loop(model: Path, names: Sequence[str], folder: Path) -> Path:
    """A copy of the model whose words are single phones in any order, with a search as wide as need be."""
    copy = folder / "loop"
    shutil.copytree(model, copy)
    ids = {symbol: i for i, symbol in enumerate(Symbols.of(names, []).phones, 1)}
    lines = []
    for state, name in enumerate(names, 1):
        phone = ids.get(f"{name}_S") or ids[name]
        lines.append(f"0 {state} {2 * phone} {state} {PHONE_COST}")
        lines += [f"{state} {state} {2 * phone - 1} 0 0", f"{state} 0 0 0 0"]
    (folder / "loop.txt").write_text("\n".join([*lines, "0 0"]) + "\n")
    with (copy / "graph/HCLG.fst").open("wb") as graph:
        subprocess.run(["fstcompile", str(folder / "loop.txt")], stdout=graph, check=True)
    words = ["<eps>", *(f"<{name}>" for name in names)]
    (copy / "graph/words.txt").write_text("".join(f"{w} {i}\n" for i, w in enumerate(words)))
    (copy / "graph/phones/word_boundary.int").unlink()
    conf = (copy / "conf/model.conf").read_text()
    for option, value in (("beam", "40"), ("max-active", "20000"), ("acoustic-scale", "1.0")):
        conf = re.sub(rf"--{option}=.*", f"--{option}={value}", conf)
    (copy / "conf/model.conf").write_text(re.sub(r"--endpoint\.rule.*\n", "", conf) + NO_ENDPOINT)
    return copy


def posterior_path(saved: Mapping[str, Any], net: Tdnn, audio: NDArray[np.float64]) -> list[str]:
    """Names of the best phone sequence by PyTorch's posteriors over the priors."""
    features = mfcc(audio)
    outputs = outputs_of(len(features))
    with torch.no_grad():
        logits = net(torch.from_numpy(padded(features))[None])
        log_posteriors = torch.log_softmax(logits, 2)[0, :outputs].numpy()
    scores = log_posteriors - np.log(priors_of(saved))
    first, rest = scores[:, 0::2], scores[:, 1::2]
    best = first[0] - PHONE_COST
    came_from: list[NDArray[np.int64]] = []
    for t in range(1, outputs):
        before = int(best.argmax())
        entering, staying = best[before] - PHONE_COST + first[t], best + rest[t]
        came_from.append(np.where(staying >= entering, -1, before))
        best = np.maximum(staying, entering)
    phone = int(best.argmax())
    path = [phone]
    for step in reversed(came_from):
        if step[phone] >= 0:
            phone = int(step[phone])
            path.append(phone)
    return [saved["names"][p] for p in reversed(path)]


def vosk_path(model: Any, audio: NDArray[np.float64]) -> list[str]:
    recogniser = vosk.KaldiRecognizer(model, RATE)
    for at in range(0, len(audio), RATE // 5):
        recogniser.AcceptWaveform(audio[at : at + RATE // 5].astype(np.int16).tobytes())
    return [word.strip("<>") for word in json.loads(recogniser.FinalResult())["text"].split()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="working folder of the recipe")
    parser.add_argument("--model", type=Path, required=True, help="model exported from it")
    args = parser.parse_args()
    saved = torch.load(args.work / "net.pt")
    net = Tdnn(DIM, saved["width"], 2 * len(saved["names"]))
    net.load_state_dict(saved["net"])
    net.eval()
    clips = pickle.loads((args.work / "held_out.pkl").read_bytes())  # noqa: S301 — written by the recipe
    vosk.SetLogLevel(-1)
    rng = np.random.default_rng(0)
    agree = total = 0
    with tempfile.TemporaryDirectory() as folder:
        model = vosk.Model(str(phone_loop(args.model, saved["names"], Path(folder))))
        for clip in clips[:40]:
            audio, _ = render(clip, Way(band=Band.TELEPHONE, snr_db=20.0), rng, clips)
            ours, theirs = posterior_path(saved, net, audio), vosk_path(model, audio)
            blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
            agree += sum(block.size for block in blocks)
            total += max(len(ours), len(theirs))
    print(f"{agree} of {total} phones agree ({agree / total:.1%})")


if __name__ == "__main__":
    main()
