"""`kikimori train-words` as an office types it, on few sentences."""

from __future__ import annotations

import json
import lzma
import shutil
from typing import TYPE_CHECKING

import pytest

from kikimori.cli.main import main
from kikimori.config import AgentConfig, JudgingTable
from kikimori.modelstore import catalogue
from kikimori_core.judging.second_opinion.model import OpinionModel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def few_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of templates and few calm sentences instead of all that come along: seconds instead of minutes."""
    words = tmp_path / "package" / "training" / "words"
    words.mkdir(parents=True)
    shutil.copy(catalogue.PACKAGE / "training" / "words" / "self_harm.txt", words)
    with lzma.open(words / "calm-asdc.txt.xz", "wt", encoding="utf-8") as out:
        out.write("# source\n" + "".join(f"d{n}\t駅から{n}分の宿がいいです\n" for n in range(40)))
    monkeypatch.setattr(catalogue, "PACKAGE", tmp_path / "package")


def test_an_office_trains_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = tmp_path / "ours.jsonl"
    ours.write_text(
        json.dumps(
            {
                "text": "もう川に入って死ぬからな",
                "type": "a",
                "speaker": "customer",
                "expected": ["self_harm"],
            }
        )
        + "\n",
        encoding="utf-8",
    )
    out = tmp_path / "model"
    assert main(["train-words", str(ours), "--out", str(out), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["sentences"]["office"] == "1"
    assert figures["reliability"]
    assert OpinionModel(out).note.classes == ("none", "self_harm")
    assert AgentConfig(judging=JudgingTable(second_opinion_model=out)).opinion_folder() == out


def test_sentences_that_teach_nothing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = tmp_path / "ours.jsonl"
    ours.write_text(
        json.dumps({"text": "あ", "type": "a", "speaker": "customer", "expected": ["any"]}) + "\n",
        encoding="utf-8",
    )
    assert main(["train-words", str(ours), "--out", str(tmp_path / "model")]) == 1
    assert "harmless" in capsys.readouterr().err
