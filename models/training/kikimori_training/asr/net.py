"""The acoustic network: a small TDNN, the same layers in PyTorch (to learn) and as plain matrices (to export).

input(40) → splice ±2 → [affine, ReLU, batch norm] → layers that see (-hop, 0, hop) → label log posteriors.
All offsets after the first splice are multiples of the subsampling, so inner layers run at 33 frames/s too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPLICE = 2
FRAMES_PER_OUTPUT = 3
HOPS = (3, 3, 3, 3, 3, 3, 6, 6)
CONTEXT = SPLICE + sum(HOPS)
"""Feature frames needed on either side of an output."""


def spliced(x: Tensor, hop: int) -> Tensor:
    """Each output step beside those `hop` feature frames before and after it."""
    step = hop // FRAMES_PER_OUTPUT
    return torch.cat([x[:, : -2 * step], x[:, step:-step], x[:, 2 * step :]], dim=2)


class Tdnn(nn.Module):  # type: ignore[misc]  # torch is absent where types are checked
    """(batch, frames, 40) with CONTEXT frames on both sides → (batch, outputs, labels) logits."""

    def __init__(self, dim: int, width: int, labels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))
        sizes = [dim * (2 * SPLICE + 1)] + [3 * width] * len(HOPS)
        self.affines = nn.ModuleList([nn.Linear(size, width) for size in sizes])
        self.norms = nn.ModuleList([nn.BatchNorm1d(width, affine=False) for _ in sizes])
        self.output = nn.Linear(width, labels)
        self.drop = nn.Dropout(0.05)

    def forward(self, features: Tensor) -> Tensor:
        x = (features - self.mean) * self.scale
        frames = x.shape[1] - 2 * SPLICE
        x = torch.cat([x[:, k : k + frames] for k in range(2 * SPLICE + 1)], dim=2)[:, ::FRAMES_PER_OUTPUT]
        x = self._layer(0, x)
        for i in range(1, len(self.affines)):
            x = self._layer(i, spliced(x, HOPS[i - 1]))
        logits: Tensor = self.output(x)
        return logits

    def activations(self, features: Tensor, layer: int) -> Tensor:
        """Rectified outputs of a layer before its norm."""
        x = (features - self.mean) * self.scale
        frames = x.shape[1] - 2 * SPLICE
        x = torch.cat([x[:, k : k + frames] for k in range(2 * SPLICE + 1)], dim=2)[:, ::FRAMES_PER_OUTPUT]
        for i in range(layer):
            x = spliced(self._layer(i, x), HOPS[i])
        return torch.relu(self.affines[layer](x))

    def _layer(self, i: int, x: Tensor) -> Tensor:
        x = torch.relu(self.affines[i](x))
        x = self.norms[i](x.transpose(1, 2)).transpose(1, 2)
        dropped: Tensor = self.drop(x)
        return dropped
