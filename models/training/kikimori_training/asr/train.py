"""Second step: learn the network from the clips, each epoch with newly drawn telephone lines.

Besides the clips it sees noise without speech (label `nsn`), and a small share of all phones relabelled as
`spn` ("some speech"): the network's `spn` output so becomes a flat garbage model, against which a word that
is not in the vocabulary loses, while a well matched word wins.
"""

from __future__ import annotations

import pickle
import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.progress import track
from torch import nn

from kikimori_training.asr import kaldi_binary as kaldi
from kikimori_training.asr.align import GARBAGE, NOISE, SIL, SUBSAMPLING, labels, phone_frames
from kikimori_training.asr.augment import Way, only_noise, random_way, render
from kikimori_training.asr.features import DIM, mfcc
from kikimori_training.asr.net import CONTEXT, Tdnn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_training.asr.synth import Clip

GARBAGE_SHARE = 0.03
CHUNK = 48
"""Outputs per training chunk (1.44 s)."""
BATCH = 32
AVERAGED = 200
"""Steps over which the stored weights are averaged."""
IGNORE = -100

Example = tuple["NDArray[np.float32]", "NDArray[np.int64]"]


def phone_names(clips: Sequence[Clip]) -> list[str]:
    """Silence, noise and garbage first, then the phones that occur."""
    return [SIL, NOISE, GARBAGE, *sorted({p for clip in clips for p in clip.phones} - {SIL})]


def padded(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Context as Kaldi supplies it: the first and the last frame repeated."""
    return np.pad(features, ((CONTEXT, CONTEXT + SUBSAMPLING), (0, 0)), mode="edge")


def outputs_of(frames: int) -> int:
    return (frames + SUBSAMPLING - 1) // SUBSAMPLING


def clip_example(
    clip: Clip, way: Way, index: dict[str, int], rng: np.random.Generator, babble: Sequence[Clip]
) -> Example:
    audio, ends = render(clip, way, rng, babble)
    features = mfcc(audio)
    frames = phone_frames(ends, outputs_of(len(features)))
    phones = [GARBAGE if p != SIL and rng.random() < GARBAGE_SHARE else p for p in clip.phones]
    return padded(features), labels(phones, frames, index)


def noise_example(
    seconds: float, index: dict[str, int], rng: np.random.Generator, babble: Sequence[Clip]
) -> Example:
    audio = only_noise(seconds, rng, babble)
    features = mfcc(audio)
    name = NOISE if np.abs(audio).max() > 30 else SIL
    outputs = outputs_of(len(features))
    return padded(features), labels([name], np.zeros(outputs, np.int64), index)


def chunks(examples: Sequence[Example], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """All examples cut into (chunks, frames, 40) and (chunks, CHUNK) with IGNORE where a clip has ended."""
    width = CHUNK * SUBSAMPLING + 2 * CONTEXT
    inputs: list[NDArray[np.float32]] = []
    targets: list[NDArray[np.int64]] = []
    for features, target in examples:
        offset = -int(rng.integers(0, CHUNK // 2))
        for start in range(offset, len(target), CHUNK):
            first = max(start, 0)
            wanted = target[first : start + CHUNK]
            if len(wanted) < 6:
                continue
            piece = features[first * SUBSAMPLING : first * SUBSAMPLING + width]
            inputs.append(np.pad(piece, ((0, width - len(piece)), (0, 0)), mode="edge"))
            targets.append(np.pad(wanted, (0, CHUNK - len(wanted)), constant_values=IGNORE))
    order = rng.permutation(len(inputs))
    return torch.from_numpy(np.stack(inputs)[order]), torch.from_numpy(np.stack(targets)[order])


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is absent where types are checked
def take_over(net: Tdnn, model: Path, features: torch.Tensor) -> None:
    """Give the network the weights of an exported model; its norms get the statistics of these features.

    Layers that the model does not have come last and pass on what they get, so that the network says what the model says.
    """
    folded = [
        (torch.from_numpy(w), torch.from_numpy(b))
        for w, b in kaldi.affines((model / "am/final.mdl").read_bytes())
    ]
    layers = [*net.affines, net.output]
    width = folded[-1][0].shape[1]
    same = torch.cat([torch.zeros(width, width), torch.eye(width), torch.zeros(width, width)], dim=1)
    while len(folded) < len(layers):
        folded.insert(-1, (same, torch.zeros(width)))
    if [w.shape for w, _ in folded] != [layer.weight.shape for layer in layers]:
        raise ValueError(f"{model}: its network has another shape or other phones")
    scale, shift = net.scale, -net.mean * net.scale
    net.eval()
    for i, (weight, bias) in enumerate(folded):
        copies = weight.shape[1] // len(scale)
        layers[i].weight.copy_(weight / scale.repeat(copies))
        layers[i].bias.copy_(bias - layers[i].weight @ shift.repeat(copies))
        if i < len(net.norms):
            seen = net.activations(features, i).reshape(-1, weight.shape[0])
            net.norms[i].running_mean.copy_(seen.mean(0))
            net.norms[i].running_var.copy_(seen.var(0))
            scale = (net.norms[i].running_var + net.norms[i].eps) ** -0.5
            shift = -net.norms[i].running_mean * scale


def train(
    work: Path, *, width: int, epochs: int, threads: int, rate: float = 1e-3, start: Path | None = None
) -> None:
    """Learn from `train.pkl` and, where it is there, `neural.pkl`; from the network of the model `start` where it is given."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    clips: list[Clip] = [
        clip
        for name in ("train.pkl", "neural.pkl")
        if (work / name).exists()
        for clip in pickle.loads((work / name).read_bytes())  # noqa: S301 — written by the step before
    ]
    names = phone_names(clips)
    index = {name: i for i, name in enumerate(names)}
    net = Tdnn(DIM, width, 2 * len(names))
    loss_of = nn.CrossEntropyLoss(ignore_index=IGNORE)
    learner = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-3)
    counts = np.zeros(2 * len(names))
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(1 - 1 / AVERAGED), use_buffers=True
    )
    for epoch in range(epochs):
        began = time.monotonic()
        examples = [
            clip_example(c, random_way(rng), index, rng, clips)
            for c in track(clips, description=f"epoch {epoch + 1} lines")
        ]
        examples += [noise_example(rng.uniform(0.5, 4), index, rng, clips) for _ in range(len(clips) // 8)]
        features, targets = chunks(examples, rng)
        del examples
        if epoch == 0:
            net.mean.copy_(features.mean((0, 1)))
            net.scale.copy_(1.0 / features.std((0, 1)))
            if start is not None:
                take_over(net, start, features[:400])
        counts += np.bincount(targets[targets >= 0].numpy(), minlength=len(counts))
        prepared = time.monotonic() - began
        losses, right, total = [], 0, 0
        net.train()
        steps = len(features) // BATCH
        for step in range(steps):
            done = (epoch + step / steps) / epochs
            for group in learner.param_groups:
                group["lr"] = rate * min(1.0, 20 * done + 0.05) * (0.5 * (1 + np.cos(np.pi * done)) + 0.005)
            x, y = features[step * BATCH : (step + 1) * BATCH], targets[step * BATCH : (step + 1) * BATCH]
            logits = net(x)[:, :CHUNK]
            loss = loss_of(logits.reshape(-1, logits.shape[2]), y.reshape(-1))
            learner.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            learner.step()
            average.update_parameters(net)
            losses.append(loss.item())
            known = y >= 0
            right += int((logits.argmax(2)[known] == y[known]).sum())
            total += int(known.sum())
        print(
            f"epoch {epoch + 1}/{epochs}: loss {np.mean(losses):.3f}, frames right {right / total:.1%}, "
            f"{prepared:.0f} s lines + {time.monotonic() - began - prepared:.0f} s learning",
            flush=True,
        )
        priors = np.maximum(counts / counts.sum(), 1e-4)
        torch.save(
            {
                "net": average.module.state_dict(),
                "names": names,
                "width": width,
                "priors": (priors / priors.sum()).tolist(),
            },
            work / "net.pt",
        )
