"""Train the second opinion's small network on the words of the training sentences, with PyTorch; running it needs numpy alone.

    pip install -e '.[training]' torch==2.13.0 && pip download --no-deps ja_ginza==5.3.0
    PYTHONPATH=models/training python -m kikimori_training.word_network ja_ginza-5.3.0-py3-none-any.whl --out models/second-opinion

Run it after `kikimori train-words`, whose sentences it learns too. The vectors are those of chiVe in the wheel (see word_senses), on
fewer directions; they stay as they are. About ten minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from kikimori.config import BUILTIN_OPINION
from kikimori_core.judging.second_opinion.features import MOST_WORDS
from kikimori_core.judging.second_opinion.network import FILE, FORMS, SPELLINGS, form_of, spelling_of
from kikimori_core.judging.second_opinion.senses import Senses
from kikimori_core.judging.words.sound import plain, words
from kikimori_lab.retraining.samples import shipped_samples
from kikimori_lab.retraining.templates import HARMLESS
from kikimori_training.word_senses import read_wheel

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIMENSIONS = 90
"""Principal directions of the vectors."""
WIDTH, FORM_WIDTH, SPELLING_WIDTH = 48, 12, 20
EPOCHS, BATCH, RATE = 4, 256, 1.5e-3
SORTED = 50
"""Batches among whose sentences those of like length are put together."""
LOST_WORDS, SMOOTHING = 0.2, 0.05
"""Share of words that are left out in training, as a recogniser loses some, and of a label that all classes get."""


class WordNetwork(nn.Module):  # type: ignore[misc]  # torch is absent where types are checked
    """Network as `kikimori_core.judging.second_opinion.network` runs it. Row 0 of each table is a lost word."""

    def __init__(self, vectors: NDArray[np.float32], classes: int) -> None:
        super().__init__()
        rows = np.concatenate([np.zeros((1, DIMENSIONS), np.float32), vectors])
        self.v = nn.Embedding.from_pretrained(torch.tensor(rows), freeze=True)
        self.p = nn.Embedding(FORMS + 1, FORM_WIDTH)
        self.w = nn.Embedding(SPELLINGS + 1, SPELLING_WIDTH)
        for table in (self.p, self.w):
            nn.init.normal_(table.weight, std=0.3)
        self.drop = nn.Dropout(0.3)
        wide = DIMENSIONS + FORM_WIDTH + SPELLING_WIDTH
        self.g = nn.GRU(wide, WIDTH, batch_first=True, bidirectional=True)
        self.o = nn.Linear(4 * WIDTH, classes)

    def forward(self, vector: Any, form: Any, spelling: Any, mask: Any) -> Any:
        """Return scores; all arguments are sentence by word, the mask 1 where there is a word."""
        if self.training:
            kept = (torch.rand(vector.shape) > LOST_WORDS).long()
            vector, spelling = vector * kept, spelling * kept
        seen = torch.cat([self.v(vector), self.p(form), self.w(spelling)], 2) * mask[:, :, None]
        held = self.g(seen)[0] * mask[:, :, None]
        number = mask.sum(1, keepdim=True).sqrt().clamp(min=1)
        return self.o(self.drop(torch.cat([held.amax(1), held.sum(1) / number], 1)))


def directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors on their principal directions, of about the size 1 in each."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    unit -= unit.mean(axis=0)
    _, _, axes = np.linalg.svd(unit, full_matrices=False)
    found = unit @ axes[:DIMENSIONS].T
    fewer: NDArray[np.float32] = (found / found.std()).astype(np.float32)
    return fewer


def rows_of(text: str, senses: Senses) -> NDArray[np.int64]:
    """Return the rows of each word in the three tables."""
    cut = words(plain(text))[-MOST_WORDS:]
    found = [senses.of(word) for word in cut]
    return np.array(
        [
            (sense.fine + 1 if sense else 0, form_of(word) + 1, spelling_of(word) + 1)
            for word, sense in zip(cut, found, strict=True)
        ],
        np.int64,
    ).reshape(-1, 3)


def batched(rows: list[NDArray[np.int64]]) -> list[Any]:
    """Return rows of sentences as tensors of one length, with their mask."""
    longest = max(len(each) for each in rows)
    filled = np.zeros((3, len(rows), longest), np.int64)
    mask = np.zeros((len(rows), longest), np.float32)
    for number, each in enumerate(rows):
        filled[:, number, : len(each)] = each.T
        mask[number, : len(each)] = 1
    return [*torch.from_numpy(filled), torch.from_numpy(mask)]


def train(net: WordNetwork, rows: list[NDArray[np.int64]], labels: Any, weights: Any, seed: int) -> None:
    """Fit by Adam at a rate that falls to almost nothing."""
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.Adam([each for each in net.parameters() if each.requires_grad], lr=RATE)
    lengths = np.array([len(each) for each in rows])
    steps, done = EPOCHS * math.ceil(len(rows) / BATCH), 0
    net.train()
    for epoch in range(EPOCHS):
        order = rng.permutation(len(rows))
        batches = []
        for at in range(0, len(order), BATCH * SORTED):
            some = order[at : at + BATCH * SORTED]
            some = some[np.argsort(lengths[some], kind="stable")]
            batches += [some[place : place + BATCH] for place in range(0, len(some), BATCH)]
        lost = 0.0
        for number in rng.permutation(len(batches)):
            chosen = batches[number]
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - done / steps) + 1e-5
            scores = net(*batched([rows[each] for each in chosen]))
            losses = nn.functional.cross_entropy(
                scores, labels[chosen], reduction="none", label_smoothing=SMOOTHING
            )
            loss = (losses * weights[chosen]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            lost += loss.item()
            done += 1
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {lost / len(batches):.4f}", flush=True)


def write(net: WordNetwork, classes: tuple[str, ...], folder: Path) -> None:
    """Write `network.npz`: tables as one byte a number, the rest as two."""
    saved = {name: each.detach().numpy() for name, each in net.state_dict().items()}
    tables = [saved[f"{each}.weight"][1:] for each in "vpw"]
    scales = np.array([np.abs(each).max() / 127 for each in tables], np.float32)
    small = [np.rint(each / scale).astype(np.int8) for each, scale in zip(tables, scales, strict=True)]

    def both(name: str) -> NDArray[np.float16]:
        pair = np.stack([saved[f"g.{name}_l0"], saved[f"g.{name}_l0_reverse"]]).astype(np.float16)
        return pair.transpose(0, 2, 1) if pair.ndim > 2 else pair[:, None]

    np.savez(
        folder / FILE,
        **dict(zip(("vectors", "forms", "spellings"), small, strict=True)),
        classes=np.array(classes),
        scales=scales,
        input=both("weight_ih"),
        input_bias=both("bias_ih"),
        state=both("weight_hh"),
        state_bias=both("bias_hh"),
        out=saved["o.weight"].T.astype(np.float16),
        out_bias=saved["o.bias"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="ja_ginza-5.3.0-py3-none-any.whl")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a model's folder")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--samples-seed", type=int, default=16, help="that of train-words")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    learned = shipped_samples(args.samples_seed)
    classes = (HARMLESS, *sorted({each.label for each in learned} - {HARMLESS}))
    senses = Senses.read(BUILTIN_OPINION)
    cut = [(rows_of(each.text, senses), each) for each in learned]
    kept = [(rows, each) for rows, each in cut if len(rows)]
    net = WordNetwork(directions(read_wheel(args.wheel)[1]), len(classes))
    labels = torch.tensor([classes.index(each.label) for _, each in kept])
    weights = torch.tensor([each.weight for _, each in kept])
    train(net, [rows for rows, _ in kept], labels, weights, args.seed)
    write(net, classes, args.out)


if __name__ == "__main__":
    main()
