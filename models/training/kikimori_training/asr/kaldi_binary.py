"""The few pieces of Kaldi's binary format that a model file needs (kaldi: base/io-funcs, matrix, hmm, nnet3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HEADER = b"\0B"


def token(text: str) -> bytes:
    return text.encode() + b" "


def int32(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def float32(value: float) -> bytes:
    return b"\4" + struct.pack("<f", value)


def float64(value: float) -> bytes:
    return b"\10" + struct.pack("<d", value)


def int_vector(values: Sequence[int]) -> bytes:
    return b"\4" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()


def vector(values: NDArray[np.floating] | Sequence[float]) -> bytes:
    data = np.asarray(values, "<f4")
    return b"FV " + int32(len(data)) + data.tobytes()


def short_matrix(values: NDArray[np.floating]) -> bytes:
    """A matrix in 16 bits (Kaldi's CompressedMatrix with one range), which Kaldi takes wherever it reads a matrix."""
    data = np.asarray(values, np.float64)
    least, span = float(data.min()), float(data.max() - data.min()) or 1.0
    steps = np.round((data - least) / span * 65535.0).astype("<u2")
    return b"CM2 " + struct.pack("<ffii", least, span, *data.shape) + steps.tobytes()


def transition_model(pdfs: Sequence[tuple[int, int]]) -> bytes:
    """One-state chain topology; `pdfs[i]` are phone i+1's pdfs for its first frame and for the rest."""
    phones = list(range(1, len(pdfs) + 1))
    no_pdf = -1
    state = int32(0) + int32(1) + int32(2) + int32(0) + float32(0.5) + int32(1) + float32(0.5)
    final = int32(no_pdf) + int32(no_pdf) + int32(0)
    topology = int_vector(phones) + int_vector([-1] + [0] * len(phones))
    topology += int32(-1)  # marks the format in which self-loops have pdfs of their own
    topology += int32(1) + int32(2) + state + final
    tuples = b"".join(
        int32(p) + int32(0) + int32(a) + int32(b) for p, (a, b) in zip(phones, pdfs, strict=True)
    )
    # Both transitions cost nothing: the graph carries no transition probabilities and neither does the model.
    log_probs = vector([0.0] + [float(np.log(0.5))] * (2 * len(pdfs)))
    return (
        token("<TransitionModel>") + token("<Topology>") + topology + token("</Topology>")
        + token("<Tuples>") + int32(len(pdfs)) + tuples + token("</Tuples>")
        + token("<LogProbs>") + log_probs + token("</LogProbs>") + token("</TransitionModel>")
    )  # fmt: skip


def affine(weight: NDArray[np.floating], bias: NDArray[np.floating]) -> bytes:
    kind = "FixedAffineComponent"
    return (
        token(f"<{kind}>") + token("<LinearParams>") + short_matrix(weight)
        + token("<BiasParams>") + vector(bias) + token(f"</{kind}>")
    )  # fmt: skip


def nonlinear(kind: str, dim: int) -> bytes:
    """RectifiedLinearComponent or LogSoftmaxComponent without training statistics."""
    nothing = vector([])
    return (
        token(f"<{kind}>") + token("<Dim>") + int32(dim)
        + token("<ValueAvg>") + nothing + token("<DerivAvg>") + nothing + token("<Count>") + float64(0.0)
        + token("<OderivRms>") + nothing + token("<OderivCount>") + float64(0.0)
        + token("<NumDimsSelfRepaired>") + float64(0.0) + token("<NumDimsProcessed>") + float64(0.0)
        + token(f"</{kind}>")
    )  # fmt: skip


def nnet(config: Sequence[str], components: Sequence[tuple[str, bytes]]) -> bytes:
    body = "\n".join(config) + "\n\n"
    named = b"".join(token("<ComponentName>") + token(name) + data for name, data in components)
    return (
        token("<Nnet3>")
        + b"\n"
        + body.encode()
        + token("<NumComponents>")
        + int32(len(components))
        + named
        + token("</Nnet3>")
    )


def acoustic_model(network: bytes, context: int, priors: Sequence[float]) -> bytes:
    return (
        network + token("<LeftContext>") + int32(context) + token("<RightContext>") + int32(context)
        + token("<Priors>") + vector(priors)
    )  # fmt: skip


def affines(model: bytes) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return weights and biases of the affine components of a model file, in order, as `affine` wrote them."""
    found = []
    mark = token("<FixedAffineComponent>") + token("<LinearParams>")
    at = model.find(mark)
    while at >= 0:
        at += len(mark)
        weight, at = _matrix_at(model, at)
        at += len(token("<BiasParams>") + b"FV ") + 5
        found.append((weight, np.frombuffer(model, "<f4", weight.shape[0], at).copy()))
        at = model.find(mark, at)
    return found


def _matrix_at(model: bytes, at: int) -> tuple[NDArray[np.float32], int]:
    """Read what `matrix` or `short_matrix` wrote; return it and the place behind it."""
    if model[at : at + 3] == b"FM ":
        rows, columns = struct.unpack("<xixi", model[at + 3 : at + 13])
        end = at + 13 + 4 * rows * columns
        return np.frombuffer(model, "<f4", rows * columns, at + 13).reshape(rows, columns).copy(), end
    least, span, rows, columns = struct.unpack("<ffii", model[at + 4 : at + 20])
    steps = np.frombuffer(model, "<u2", rows * columns, at + 20).reshape(rows, columns)
    return (least + span / 65535.0 * steps).astype(np.float32), at + 20 + 2 * rows * columns
