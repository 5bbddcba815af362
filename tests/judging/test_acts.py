"""The model of acts: a customer demands, an operator refuses; on utterances written apart, and on folders that are wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.told import OPERATOR, PHRASES, said

from kikimori.config import BUILTIN_ACTS, AgentConfig
from kikimori_core.errors import ConfigError
from kikimori_core.judging.acts.model import ActModel
from kikimori_core.judging.phrases import PhraseBook, load_phrases

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = Path(__file__).parent / "data" / "acts_kept.jsonl"
LISTS = load_phrases(AgentConfig().phrase_files())


def utterances() -> list[dict[str, str]]:
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()]


def demanding(book: PhraseBook) -> tuple[float, float]:
    """Return the share of demands that are found, and the share of others that are taken for one."""
    found = {
        act: [
            book.find(said(each["text"], 1.0)).demand is not None
            for each in utterances()
            if each["act"] == act
        ]
        for act in ("demand", "no_demand")
    }
    hits, false = (sum(each) / len(each) for each in found.values())
    return hits, false


def test_it_finds_as_many_demands_with_fewer_false_ones(capsys: pytest.CaptureFixture[str]) -> None:
    hits, false = demanding(PHRASES)
    hits_of_lists, false_of_lists = demanding(LISTS)
    with capsys.disabled():
        print(
            f"\ndemands {hits:.0%}, false {false:.0%}; lists alone {hits_of_lists:.0%}, {false_of_lists:.0%}"
        )
    assert hits >= max(0.9, hits_of_lists)
    assert false < min(0.12, false_of_lists)


def test_it_tells_refusals_from_what_resembles_them() -> None:
    odds = {
        act: [
            PHRASES.find(said(each["text"], 1.0, OPERATOR)).refusal or 0.0
            for each in utterances()
            if each["act"] == act
        ]
        for act in ("refusal", "no_refusal")
    }
    refused, others = (sum(one > 0 for one in each) / len(each) for each in odds.values())
    assert refused >= 0.85
    assert others <= 0.3  # what is no answer to a demand is left out elsewhere
    assert LISTS.find(said("できかねます", 1.0, OPERATOR)).refusal is None


def _note(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        note = json.loads((folder / "model.json").read_text("utf-8"))
        change(note)
        (folder / "model.json").write_text(json.dumps(note), "utf-8")

    return changed


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "model.json").write_text("{", "utf-8"),
        lambda folder: (folder / "model.json").unlink(),
        lambda folder: (folder / "weights.npy").unlink(),
        lambda folder: (folder / "weights.npy").write_bytes((folder / "weights.npy").read_bytes()[:100]),
        lambda folder: (folder / "weights.npy").write_bytes(b""),
        lambda folder: np.save(folder / "weights.npy", np.zeros((4, 2), np.int8)),
        _note(lambda note: note.update(bits=12)),
        _note(lambda note: note.pop("scale")),
    ],
)
def test_a_wrong_folder_is_one_clear_error(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    folder = tmp_path / "acts"
    shutil.copytree(BUILTIN_ACTS, folder)
    spoil(folder)
    with pytest.raises(ConfigError) as caught:
        ActModel.read(folder)
    assert str(folder) in str(caught.value)
