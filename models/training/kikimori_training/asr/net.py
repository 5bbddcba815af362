"""The acoustic network: a small TDNN, the same layers in PyTorch (to learn) and as plain matrices (to export).

input(40) → splice ±2 → [affine, ReLU, batch norm] → five layers that see (-3, 0, 3) → label log posteriors.
All offsets after the first splice are multiples of the subsampling, so inner layers run at 33 frames/s too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPLICE = 2
HOPS = (3, 3, 3, 3, 3)
CONTEXT = SPLICE + sum(HOPS)
"""Feature frames needed on either side of an output."""


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
        x = torch.cat([x[:, k : k + frames] for k in range(2 * SPLICE + 1)], dim=2)[:, ::3]
        x = self._layer(0, x)
        for i in range(1, len(self.affines)):
            x = torch.cat([x[:, :-2], x[:, 1:-1], x[:, 2:]], dim=2)
            x = self._layer(i, x)
        logits: Tensor = self.output(x)
        return logits

    def activations(self, features: Tensor, layer: int) -> Tensor:
        """Rectified outputs of a layer before its norm."""
        x = (features - self.mean) * self.scale
        frames = x.shape[1] - 2 * SPLICE
        x = torch.cat([x[:, k : k + frames] for k in range(2 * SPLICE + 1)], dim=2)[:, ::3]
        for i in range(layer):
            x = self._layer(i, x)
            x = torch.cat([x[:, :-2], x[:, 1:-1], x[:, 2:]], dim=2)
        return torch.relu(self.affines[layer](x))

    def _layer(self, i: int, x: Tensor) -> Tensor:
        x = torch.relu(self.affines[i](x))
        x = self.norms[i](x.transpose(1, 2)).transpose(1, 2)
        dropped: Tensor = self.drop(x)
        return dropped
