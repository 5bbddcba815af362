"""Third step: lexicon, language model, graph and network as a directory that `vosk.Model` loads."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kikimori_training.asr import kaldi_binary as kaldi
from kikimori_training.asr.align import GARBAGE, NOISE, SUBSAMPLING
from kikimori_training.asr.corpus import Corpus
from kikimori_training.asr.features import DIM, MFCC_CONF
from kikimori_training.asr.graph import Symbols, build_graph
from kikimori_training.asr.lm import estimate, perplexity, running_text
from kikimori_training.asr.net import CONTEXT, HOPS, SPLICE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Decoding:
    """Weights found by trying on `unseen` clips, and Vosk's search limits."""

    lm_scale: float = 1.0
    word_cost: float = 0.4
    """Extra cost of every word: keeps short words from being heard in noise."""
    acoustic_scale: float = 0.9
    garbage_gain: float = 1.5
    """Natural log per frame that the garbage model gets extra, so that words out of the vocabulary give [unk]."""
    noise_gain: float = 2.5
    """The same for noise without speech, so that it gives no word."""
    beam: float = 11.0
    max_active: int = 3000
    lattice_beam: float = 1.0
    """A wide one costs more than a second per second of music, whose lattices are huge."""

    def conf(self) -> str:
        return f"""--min-active=200
--max-active={self.max_active}
--beam={self.beam}
--lattice-beam={self.lattice_beam}
--acoustic-scale={self.acoustic_scale}
--frame-subsampling-factor={SUBSAMPLING}
--endpoint.silence-phones=1:2
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def network(saved: Mapping[str, Any]) -> bytes:
    """The trained network in nnet3's form; batch norms are folded into the affines that follow them."""
    weights: dict[str, NDArray[np.float64]] = {k: v.double().numpy() for k, v in saved["net"].items()}
    scale, shift = weights["scale"], -weights["mean"] * weights["scale"]
    config = [f"input-node name=input dim={DIM}"]
    components: list[tuple[str, bytes]] = []
    source = "input"
    offsets: list[tuple[int, ...]] = [tuple(range(-SPLICE, SPLICE + 1)), *((-hop, 0, hop) for hop in HOPS)]
    for i, splice in enumerate(offsets):
        weight, bias = folded(
            weights[f"affines.{i}.weight"], weights[f"affines.{i}.bias"], scale, shift, len(splice)
        )
        components += [
            (f"a{i}", kaldi.affine(weight, bias)),
            (f"r{i}", kaldi.nonlinear("RectifiedLinearComponent", len(bias))),
        ]
        spliced = ", ".join(f"Offset({source}, {k})" if k else source for k in splice)
        config += [
            f"component-node name=a{i} component=a{i} input=Append({spliced})",
            f"component-node name=r{i} component=r{i} input=a{i}",
        ]
        source = f"r{i}"
        scale = 1.0 / np.sqrt(weights[f"norms.{i}.running_var"] + 1e-5)
        shift = -weights[f"norms.{i}.running_mean"] * scale
    weight, bias = folded(weights["output.weight"], weights["output.bias"], scale, shift, 1)
    components += [
        ("out", kaldi.affine(weight, bias)),
        ("ls", kaldi.nonlinear("LogSoftmaxComponent", len(bias))),
    ]
    config += [
        f"component-node name=out component=out input={source}",
        "component-node name=ls component=ls input=out",
        "output-node name=output input=ls objective=linear",
    ]
    return kaldi.nnet(config, components)


def priors_of(
    saved: Mapping[str, Any],
    garbage_gain: float = Decoding.garbage_gain,
    noise_gain: float = Decoding.noise_gain,
) -> NDArray[np.float64]:
    """Priors of the labels as trained; lower ones for garbage and noise, which raises their likelihood."""
    priors = np.array(saved["priors"])
    for name, gain in ((GARBAGE, garbage_gain), (NOISE, noise_gain)):
        first = 2 * saved["names"].index(name)
        priors[first : first + 2] *= np.exp(-gain)
    return priors


def folded(
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
    copies: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Affine that does x·scale+shift on each of `copies` spliced inputs first."""
    return weight * np.tile(scale, copies), bias + weight @ np.tile(shift, copies)


def export(corpus_folder: Path, work: Path, model: Path, decoding: Decoding, least_gain: float) -> None:
    saved = torch.load(work / "net.pt")
    data = json.loads((work / "text.json").read_text(encoding="utf-8"))
    trained = set(saved["names"])
    lexicon = [(w, r) for w, r in data["lexicon"] if trained.issuperset(r.split())]
    known = {w for w, _ in lexicon}
    vocabulary = sorted(known)
    fillers = [f for f in Corpus.read(corpus_folder).fillers() if f in known]
    sayable = [row for row in data["lm"] if set(row[0]) <= known]
    text = running_text(sayable, fillers, random.Random(2))
    aside = len(text) // 20
    print(
        f"perplexity on a twentieth left out: {perplexity(estimate(text[aside:], vocabulary, least_gain=least_gain), text[:aside]):.1f}"
    )
    lm = estimate(text, vocabulary, least_gain=least_gain)
    symbols = Symbols.of(saved["names"], vocabulary)
    graph = build_graph(work, lexicon, lm, symbols, scale=decoding.lm_scale, word_cost=decoding.word_cost)
    index = {name: i for i, name in enumerate(saved["names"])}
    pdfs = [(2 * i, 2 * i + 1) for i in (index[p.rsplit("_", 1)[0]] for p in symbols.phones)]
    for folder in ("am", "conf", "graph/phones"):
        (model / folder).mkdir(parents=True, exist_ok=True)
    acoustic = kaldi.acoustic_model(
        network(saved), CONTEXT, priors_of(saved, decoding.garbage_gain, decoding.noise_gain).tolist()
    )
    (model / "am/final.mdl").write_bytes(kaldi.HEADER + kaldi.transition_model(pdfs) + acoustic)
    (model / "conf/mfcc.conf").write_text(MFCC_CONF)
    (model / "conf/model.conf").write_text(decoding.conf())
    shutil.copy(graph, model / "graph/HCLG.fst")
    shutil.copy(work / "words.txt", model / "graph/words.txt")
    (model / "graph/phones/word_boundary.int").write_text(symbols.word_boundary())
    size = sum(f.stat().st_size for f in model.rglob("*") if f.is_file())
    print(f"{model}: {len(vocabulary)} words, {len(lexicon)} readings, {size / 1e6:.1f} MB")
