"""The recipe that makes hours of sound nobody speaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from kikimori_training import noise_calls
from kikimori_training.no_speech import counted
from kikimori_training.noise_calls import half_of, main, source_of


def test_the_halves_share_no_source() -> None:
    """Clips cut from one recording, or made by one device, are on one side."""
    names = ["1-4211-A.ogg", "3-4211-B.ogg", "5-77-A.ogg"]
    assert [source_of(Path(name)) for name in names] == ["4211", "4211", "77"]
    device = "0D1AD73E-4C5E-45F3-85C4-9A3CB71E8856"
    assert source_of(Path(f"{device}-1430742197-1.0-m-04-hu.wav")) == device.lower()
    assert half_of(Path("1-4211-A.ogg")) == half_of(Path("a/5-4211-C.ogg"))
    assert {half_of(Path(f"1-{number}-A.ogg")) for number in range(20)} == {"train", "held-out"}


def test_hours_of_a_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a few seconds, in both laws, at the levels asked for; it says how few seconds they were."""
    monkeypatch.setattr(noise_calls, "CALL_S", 20.0)
    rng = np.random.default_rng(1)
    (tmp_path / "hiss").mkdir()
    for number in range(8):
        soundfile.write(tmp_path / "hiss" / f"1-{number}-A.wav", rng.standard_normal(32000) * 0.1, 16000)
    out = tmp_path / "out"
    hours = 2 * 20 / 3600
    assert (
        main([str(tmp_path / "hiss"), "--made", "ciphertext", "--out", str(out), "--hours", str(hours)]) == 0
    )
    said = capsys.readouterr().out
    used = [number for number in range(8) if half_of(Path(f"1-{number}-A.wav")) == "held-out"]
    assert f"hiss: 0.01 h, {2 * len(used)} distinct seconds of {len(used)} sources" in said
    for kind in ("hiss", "ciphertext"):
        infos = [soundfile.info(path) for path in sorted((out / kind).iterdir())]
        assert [(info.subtype, info.samplerate, info.duration) for info in infos] == [
            ("ULAW", 8000, 20.0),
            ("ALAW", 8000, 20.0),
        ]
    audio, _ = soundfile.read(out / "hiss" / "000.wav")
    level_db = 10 * np.log10(np.mean(audio.reshape(-1, 1600) ** 2, axis=1).max())
    assert -40 <= level_db <= -9


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit):
        main([str(tmp_path / "empty"), "--out", str(tmp_path / "out")])


def test_babble_is_several_who_speak_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise_calls, "CALL_S", 20.0)
    speech = tmp_path / "speech"
    speech.mkdir()
    rng = np.random.default_rng(1)
    for number in range(5):
        soundfile.write(speech / f"{number}.wav", rng.standard_normal(8000) * 0.1, 8000)
    out = tmp_path / "out"
    told = ["--babble", str(speech), "--made", "silence", "line-noise", "--out", str(out)]
    assert main([*told, "--hours", str(20 / 3600)]) == 0
    assert "babble: 0.01 h, 5 distinct seconds of 5 recordings, 4 at once" in capsys.readouterr().out
    assert {folder.name for folder in out.iterdir()} == {"babble", "silence", "line-noise"}
    quiet, _ = soundfile.read(out / "silence" / "000.wav")
    assert 20 * np.log10(np.abs(quiet).max()) < -45


def test_utterances_and_alerts_of_silence_are_counted() -> None:
    lines = [
        '{"type": "segment", "role": "customer", "text": "はい"}',
        '{"type": "segment", "role": "operator", "text": "はい"}',
        '{"type": "alert", "rule": "insult", "kind": "phrase"}',
    ]
    assert counted(lines) == {"utterances": 1, "alerts": 1, "insult": 1}
