"""The network of the second opinion: its arithmetic, its part in an opinion, and files that cannot be used."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kikimori.config import BUILTIN_OPINION
from kikimori.errors import ConfigError
from kikimori_core.judging.second_opinion.model import OpinionModel
from kikimori_core.judging.second_opinion.network import FILE, FORMS, SPELLINGS, Network, form_of, spelling_of
from kikimori_core.judging.second_opinion.senses import Senses
from kikimori_core.judging.words.sound import words

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SENSES = Senses.read(BUILTIN_OPINION)
TEXT = "この店の対応はどうなってるんだ"


def arrays(seed: int = 1) -> dict[str, NDArray[Any]]:
    """Return a small network of random numbers: 20,000 vectors of 3, grammar of 2, spellings of 2, 4 states."""
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> NDArray[np.float32]:
        return rng.normal(size=shape).astype(np.float32)

    return {
        "classes": np.array(("none", "insult")),
        "vectors": rng.integers(-127, 128, (20_000, 3), dtype=np.int8),
        "forms": rng.integers(-127, 128, (FORMS, 2), dtype=np.int8),
        "spellings": rng.integers(-127, 128, (SPELLINGS, 2), dtype=np.int8),
        "scales": np.array((0.01, 0.02, 0.03), np.float32),
        "input": some(2, 7, 12),
        "input_bias": some(2, 1, 12),
        "state": some(2, 4, 12),
        "state_bias": some(2, 1, 12),
        "out": some(16, 2),
        "out_bias": some(2),
    }


def by_hand(parts: dict[str, NDArray[Any]], text: str) -> list[float]:
    """Run both units number by number, as they are defined (Cho et al., 2014, in the variant of PyTorch)."""
    cut = words(text)
    rows = []
    for word in cut:
        sense = SENSES.of(word)
        vector = parts["vectors"][sense.fine] * 0.01 if sense else np.zeros(3)
        rows.append(
            [*vector, *parts["forms"][form_of(word)] * 0.02, *parts["spellings"][spelling_of(word)] * 0.03]
        )
    told: list[list[list[float]]] = []
    for way in (0, 1):
        state, states = [0.0] * 4, []
        for row in rows if way == 0 else rows[::-1]:
            given = [
                parts["input_bias"][way, 0, at]
                + sum(each * parts["input"][way, n, at] for n, each in enumerate(row))
                for at in range(12)
            ]
            kept = [
                parts["state_bias"][way, 0, at]
                + sum(each * parts["state"][way, n, at] for n, each in enumerate(state))
                for at in range(12)
            ]
            reset, update = (
                [1 / (1 + math.exp(-given[first + n] - kept[first + n])) for n in range(4)]
                for first in (0, 4)
            )
            new = [math.tanh(given[8 + n] + reset[n] * kept[8 + n]) for n in range(4)]
            state = [(1 - update[n]) * new[n] + update[n] * state[n] for n in range(4)]
            states.append(state)
        told.append(states)
    both = [[each[n] for each in told[way]] for way in (0, 1) for n in range(4)]
    held = [*(max(each) for each in both), *(sum(each) / math.sqrt(len(rows)) for each in both)]
    return [
        float(parts["out_bias"][at] + sum(each * parts["out"][n, at] for n, each in enumerate(held)))
        for at in (0, 1)
    ]


@pytest.mark.parametrize("text", [TEXT, "馬鹿", "ヴォギャングズムをください"])
def test_it_calculates_what_the_units_define(text: str) -> None:
    """Also for one word, and for a word without a vector."""
    found = Network(arrays(), SENSES).scores(words(text))
    assert found.tolist() == pytest.approx(by_hand(arrays(), text), abs=1e-4)


def test_it_has_its_share_of_an_opinion(tmp_path: Path) -> None:
    def judged(share: float) -> float:
        note = json.loads((BUILTIN_OPINION / "model.json").read_text(encoding="utf-8")) | {
            "network_share": share,
            "meaning_share": 0.0,
        }
        (tmp_path / "model.json").write_text(json.dumps(note), encoding="utf-8")
        return OpinionModel(tmp_path).judge(words(TEXT)).harm

    for name in ("weights.npz", "senses.npy", FILE):
        (tmp_path / name).write_bytes((BUILTIN_OPINION / name).read_bytes())
    alone, half, whole = (judged(share) for share in (0.0, 0.5, 1.0))
    assert min(alone, whole) < half < max(alone, whole)
    assert abs(alone - whole) > 0.01


def test_without_a_share_no_file_is_needed(tmp_path: Path) -> None:
    """A model of an earlier release has no network."""
    note = json.loads((BUILTIN_OPINION / "model.json").read_text(encoding="utf-8"))
    del note["network_share"], note["meaning_share"]
    (tmp_path / "model.json").write_text(json.dumps(note), encoding="utf-8")
    for name in ("weights.npz", "senses.npy"):
        (tmp_path / name).write_bytes((BUILTIN_OPINION / name).read_bytes())
    assert 0 < OpinionModel(tmp_path).judge(words(TEXT)).harm < 1


@pytest.mark.parametrize(
    "spoil",
    [
        {"out": np.zeros((3, 2), np.float32)},
        {"forms": np.zeros((5, 2), np.int8)},
        {"vectors": np.zeros(5, np.int8)},
        {"state": np.zeros((2, 4, 9), np.float32)},
    ],
)
def test_a_network_that_does_not_fit_is_told(spoil: dict[str, NDArray[Any]], tmp_path: Path) -> None:
    parts: dict[str, Any] = arrays() | spoil
    np.savez(tmp_path / FILE, **parts)
    with pytest.raises(ConfigError, match=r"network\.npz"):
        Network.read(tmp_path, SENSES)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"network\.npz"):
        Network.read(tmp_path, SENSES)
    for garbage in (b"", b"PK\x03\x04 no archive", b"\x93NUMPY"):
        (tmp_path / FILE).write_bytes(garbage)
        with pytest.raises(ConfigError, match=r"network\.npz"):
            Network.read(tmp_path, SENSES)
    np.savez(tmp_path / FILE, classes=np.array(("none", "insult")))
    with pytest.raises(ConfigError, match=r"network\.npz"):
        Network.read(tmp_path, SENSES)


def test_a_network_of_other_classes_is_told(tmp_path: Path) -> None:
    for name in ("model.json", "weights.npz", "senses.npy"):
        (tmp_path / name).write_bytes((BUILTIN_OPINION / name).read_bytes())
    parts: dict[str, Any] = {**arrays()}
    np.savez(tmp_path / FILE, **parts)
    with pytest.raises(ConfigError, match="classes"):
        OpinionModel(tmp_path)
