"""The recipe of the model that tells one voice from several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from kikimori.hearing.speech.believable import LEAST_SCORE
from kikimori.hearing.speech.near_voice import NUMBERS, PAIRS, NearVoiceModel, shipped_model
from kikimori_lab.demo.script import RATE, load_calls
from kikimori_training.near_voice import main

if TYPE_CHECKING:
    from pathlib import Path


def test_the_recipe_makes_a_model_of_a_folder_of_speech(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speech = tmp_path / "speech"
    speech.mkdir()
    for call in load_calls():
        for number, said in enumerate(call.truth.segments):
            pcm = call.voices[said.role][int(said.start * RATE) : int(said.end * RATE)]
            soundfile.write(speech / f"{call.name}-{number}.wav", pcm, RATE)
    out = tmp_path / "model.json"
    assert main([str(speech), "--count", "60", "--out", str(out)]) == 0
    model = NearVoiceModel.model_validate_json(out.read_bytes())
    assert len(model.weight) == len(NUMBERS) + len(PAIRS)
    assert "near voices, babble" in capsys.readouterr().out


def test_the_shipped_model_knows_a_voice_from_babble() -> None:
    """Numbers of a sentence in babble 15 dB below it, and of babble that becomes 20 dB louder."""
    voice = np.array([17.0, 1.0, 16.0, 14.0, 0.5, 0.3, 0.3, 0.45, 7.0, -16.0])
    babble = np.array([22.0, 18.0, 12.0, 8.0, 0.25, 0.1, 0.55, 0.33, 5.5, -11.0])
    assert shipped_model().score(voice) > 2
    assert shipped_model().score(babble) < LEAST_SCORE
