"""Engines that are loaded, and the problem shown where one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.whisper import whisper_model

from kikimori.config import AgentConfig
from kikimori.hearing.speech.engines import ENGINES
from kikimori.recognition import load_recognition

if TYPE_CHECKING:
    from pathlib import Path


def configured(state: Path, **speech: object) -> AgentConfig:
    return AgentConfig.model_validate({"state_dir": state, "speech": {"model": "ja-synth", **speech}})


async def test_without_a_model_of_whisper_the_stream_alone_is_heard(tmp_path: Path) -> None:
    found = await load_recognition(configured(tmp_path))
    assert found.engine is not None
    assert (found.finals, found.problem) == ("vosk", None)


@pytest.mark.parametrize("finals", ["both", "whisper"])
async def test_a_wanted_model_that_is_missing_is_said_and_words_go_on(tmp_path: Path, finals: str) -> None:
    found = await load_recognition(configured(tmp_path, finals=finals))
    assert found.engine is not None
    assert found.finals == "vosk"
    assert found.problem is not None
    assert (found.problem.code, found.problem.remedy) == ("finals_off", "kikimori models fetch whisper-base")


@pytest.mark.parametrize(
    ("finals", "used"), [(None, "both"), ("both", "both"), ("whisper", "whisper"), ("vosk", "vosk")]
)
async def test_an_installed_model_is_used_as_configured(
    tmp_path: Path, finals: str | None, used: str
) -> None:
    model = whisper_model()
    models = tmp_path / "models"
    models.mkdir()
    (models / model.name).symlink_to(model)
    found = await load_recognition(configured(tmp_path, finals=finals))
    assert found.finals == used
    assert found.names == ("ja-synth" if used == "vosk" else "ja-synth, whisper-base")


async def test_a_copied_folder_can_be_named(tmp_path: Path) -> None:
    found = await load_recognition(configured(tmp_path, finals="both", finals_model=str(whisper_model())))
    assert found.finals == "both"
    missing = await load_recognition(configured(tmp_path, finals="both", finals_model=str(tmp_path)))
    assert missing.problem is not None
    assert "model.bin: missing" in missing.problem.detail


def test_an_engine_does_what_it_is_for() -> None:
    for name, kind in ENGINES.items():
        assert kind.name == name
        assert (kind.open_stream is None) != (kind.open_finals is None)
