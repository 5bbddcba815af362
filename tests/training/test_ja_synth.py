"""The committed model `models/ja-synth`: its layout and size, and what the real Vosk hears with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
import vosk

from kikimori_core.judging.words.sound import folded
from kikimori_core.judging.words.sound import words as cut

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "ja-synth"
CLIPS = Path(__file__).parent / "test_ja_synth_clips"
RATE = 8000
SIZE_LIMIT = 15_000_000
FILES = {
    "README.md",
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/HCLG.fst",
    "graph/words.txt",
    "graph/phones/word_boundary.int",
}


@pytest.fixture(scope="module")
def model() -> Any:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(MODEL))


def hear(model: Any, samples: np.ndarray[Any, np.dtype[np.int16]], chunk: int) -> list[dict[str, Any]]:
    recogniser = vosk.KaldiRecognizer(model, RATE)
    recogniser.SetWords(True)
    words: list[dict[str, Any]] = []
    for at in range(0, len(samples), chunk):
        if recogniser.AcceptWaveform(samples[at : at + chunk].tobytes()):
            words += json.loads(recogniser.Result()).get("result", [])
    words += json.loads(recogniser.FinalResult()).get("result", [])
    return words


def clip(name: str) -> tuple[np.ndarray[Any, np.dtype[np.int16]], dict[str, Any]]:
    samples, rate = soundfile.read(CLIPS / f"{name}.flac", dtype="int16")
    assert rate == RATE
    return samples, json.loads((CLIPS / f"{name}.json").read_text(encoding="utf-8"))


def sound_of(words: Iterable[str]) -> list[str]:
    return [folded("".join(word.sound for word in cut(text))) for text in words]


def test_the_folder_holds_what_vosk_needs_and_stays_small() -> None:
    files = {str(p.relative_to(MODEL)): p.stat().st_size for p in MODEL.rglob("*") if p.is_file()}
    assert set(files) == FILES
    assert sum(files.values()) <= SIZE_LIMIT


def test_the_vocabulary_is_large_enough_and_numbered_without_gaps() -> None:
    rows = [line.split() for line in (MODEL / "graph/words.txt").read_text(encoding="utf-8").splitlines()]
    assert [int(number) for _, number in rows] == list(range(len(rows)))
    assert rows[0][0] == "<eps>"
    assert len(rows) >= 1500
    assert {"責任", "上司", "土下座", "[unk]"} <= {word for word, _ in rows}


def test_every_phone_has_a_place_in_its_word() -> None:
    rows = [line.split() for line in (MODEL / "graph/phones/word_boundary.int").read_text().splitlines()]
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert {kind for _, kind in rows} == {"nonword", "singleton", "begin", "end", "internal"}


@pytest.mark.parametrize("name", ["superior", "refusal", "threat"])
@pytest.mark.parametrize("chunk", [1600, 160])
def test_a_telephone_clip_gives_its_words_at_their_times(model: Any, name: str, chunk: int) -> None:
    samples, truth = clip(name)
    heard = hear(model, samples, chunk)
    # ただで済む and タダですむ are the same words.
    assert sound_of(w["word"] for w in heard) == sound_of(w["word"] for w in truth["words"])
    for got, true in zip(heard, truth["words"], strict=True):
        assert got["start"] == pytest.approx(true["start"], abs=0.15)
        assert got["end"] == pytest.approx(true["end"], abs=0.15)


def test_two_sentences_in_a_row_are_both_heard(model: Any) -> None:
    first, first_truth = clip("superior")
    second, second_truth = clip("refusal")
    pause = np.zeros(RATE, np.int16)
    heard = hear(model, np.concatenate([first, pause, second, pause]), 1600)
    assert "".join(w["word"] for w in heard) == first_truth["text"] + second_truth["text"]


def test_silence_and_noise_give_no_words(model: Any) -> None:
    rng = np.random.default_rng(3)
    for level in (0, 30, 300, 2000):
        samples = (rng.standard_normal(6 * RATE) * level).astype(np.int16)
        assert hear(model, samples, 1600) == []


def test_a_ringing_tone_gives_no_words(model: Any) -> None:
    time = np.arange(6 * RATE) / RATE
    tone = (np.sin(2 * np.pi * 400 * time) + np.sin(2 * np.pi * 416 * time)) * 4000 * (time % 3 < 1)
    assert hear(model, tone.astype(np.int16), 1600) == []
