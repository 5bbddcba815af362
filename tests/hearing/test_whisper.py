"""The real Whisper on the demo's calls and on what is no speech; skipped where its model cannot be fetched."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.support.nobody import SOUNDS, nobody
from tests.support.whisper import whisper_model

from kikimori.hearing.speech.whisper_engine import WhisperEngine, WhisperMissingError
from kikimori_core.model.call import Role
from kikimori_core.priority import NICE
from kikimori_lab.demo.script import RATE, load_calls

TASKS = Path("/proc/self/task")


def said() -> list[tuple[str, bytes]]:
    """Return the sentences of a demo call's customer, written and as sound."""
    call = next(each for each in load_calls() if each.name == "superior-demand")
    samples = call.voices[Role.CUSTOMER]
    return [
        (each.text, samples[max(0, int((each.start - 0.3) * RATE)) : int((each.end + 0.4) * RATE)].tobytes())
        for each in call.truth.segments
        if each.role is Role.CUSTOMER
    ]


@pytest.fixture(scope="module")
def whisper() -> WhisperEngine:
    return WhisperEngine(whisper_model(), "ja")


def test_it_hears_what_a_customer_said(whisper: WhisperEngine) -> None:
    close = [
        difflib.SequenceMatcher(None, whisper.hear(cut, RATE).text, text).ratio() for text, cut in said()
    ]
    assert np.median(close) > 0.6


def test_it_tells_what_else_was_perhaps_said(whisper: WhisperEngine) -> None:
    heard = [whisper.hear(cut, RATE) for _, cut in said()]
    assert any(each.others for each in heard)
    for each in heard:
        assert each.text not in {other.text for other in each.others}
        assert 0 <= sum(other.share for other in each.others) < 1


@pytest.mark.parametrize("kind", SOUNDS)
def test_it_says_nothing_where_nobody_speaks(whisper: WhisperEngine, kind: str) -> None:
    """By its own doubt alone, without the gate that looks at the sound before it."""
    heard = [
        whisper.hear(nobody(kind, seconds, seed=seed), RATE) for seed, seconds in enumerate((1.5, 3.0, 5.0))
    ]
    assert [each.text for each in heard] == ["", "", ""], heard


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")
def test_the_threads_in_which_it_computes_give_way() -> None:
    model = whisper_model()
    before = {each.name for each in TASKS.iterdir()}
    engine = WhisperEngine(model, "ja")
    engine.hear(nobody("silence", 1.0, seed=0), RATE)
    made = [int(each.name) for each in TASKS.iterdir() if each.name not in before]
    assert made
    assert {os.getpriority(os.PRIO_PROCESS, each) for each in made} == {NICE}


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    whisper_model()
    with pytest.raises(WhisperMissingError, match="not a whole CTranslate2 model"):
        WhisperEngine(tmp_path, "ja")
