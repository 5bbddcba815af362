"""The recipe that makes clips of acted speech to measure on, from recordings named as the corpora name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from kikimori_training.acted_clips import main

if TYPE_CHECKING:
    from pathlib import Path


def recorded(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(1).standard_normal(4410) * 0.1, 44100)


@pytest.mark.parametrize("law", ["a", "mu"])
def test_the_speakers_of_ased_by_mood(law: str, tmp_path: Path) -> None:
    for name in ("01Neutral/n1-01-01-02-07", "05Angry/a5-03-02-02-07", "04Sad/s4-01-01-02-07"):
        recorded(tmp_path / f"clone/{name}.wav")
    assert main(["ased", str(tmp_path / "clone"), "--law", law, "--out", str(tmp_path / "out")]) == 0
    made = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.wav")}
    assert made == {"calm/02x07_n1-01-01-02-07.wav", "shout/02x07_a5-03-02-02-07.wav"}
    info = soundfile.info(tmp_path / "out/shout/02x07_a5-03-02-02-07.wav")
    assert (info.samplerate, info.subtype, info.frames) == (8000, "PCM_16", 800)


def test_the_women_of_tess_say_the_same_words_in_each_mood(tmp_path: Path) -> None:
    words = [f"word{number:02d}" for number in range(25)]
    for word in words:
        recorded(tmp_path / f"clone/datasets/new/1testOAF_{word}_angry4.wav")
        recorded(tmp_path / f"clone/datasets/new/OAF_{word}_neutral.wav")
        recorded(tmp_path / f"clone/datasets/new/OAF_{word}_disgust.wav")
    assert main(["tess", str(tmp_path / "clone"), "--out", str(tmp_path / "out")]) == 0
    made = {
        mood: sorted(path.stem.partition(".")[0] for path in (tmp_path / "out" / mood).iterdir())
        for mood in ("calm", "shout")
    }
    assert made["calm"] == made["shout"]
    assert [name[:7] for name in made["calm"]].count("OAF0_00") == 1
    assert sum(name.startswith("OAF1_") for name in made["calm"]) == 5
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"calm", "shout"}


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["ased", str(tmp_path), "--out", str(tmp_path / "out")])
