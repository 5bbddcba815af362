"""The announcement for a superior who is rung, in pieces: `python -m kikimori_training.announcement [--only ja]`.

Writes `config/pbx/asterisk/sounds/{ja,en}/kikimori/*.wav` (8 kHz, 16 bit). Japanese is spoken by the voice that all other
sounds here are made with; English by espeak-ng (`pip install espeakng-loader`, the program's library alone).
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
from scipy.io import wavfile

from kikimori_training.speech import RATE, SynthVoice, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_training.measure import Audio

FOLDER = Path(__file__).parents[3] / "config" / "pbx" / "asterisk" / "sounds"
PHONE_RATE = 8000
PEAK = 0.5
VOICE = SynthVoice("announcement", half_tones=-7.0, speed=1.0, warp=0.95)
QUIET = 0.004
"""Largest value of the silence that is cut away before and after a piece."""
MARGIN_S = 0.04

JAPANESE = {
    "at-extension": "内線",
    "help-needed": "で、応援が必要です。",
    "help": "応援が必要です。画面を見てください。",
    **dict(
        zip(
            "0123456789",
            ("ゼロ", "イチ", "ニイ", "サン", "ヨン", "ゴオ", "ロク", "ナナ", "ハチ", "キュウ"),
            strict=True,
        )
    ),
}
ENGLISH = {
    "at-extension": "Help is needed at extension",
    "help-needed": "Please step in.",
    "help": "Help is needed. Please look at the page.",
    **dict(
        zip(
            "0123456789",
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            strict=True,
        )
    ),
}

_RETRIEVAL, _UTF8 = 2, 1


def japanese(text: str) -> Audio:
    """Return a text as speech at `PHONE_RATE`."""
    return np.asarray(soxr.resample(say(text, VOICE), RATE, PHONE_RATE), dtype=np.float32)


def english() -> Callable[[str], Audio]:
    """Return the function that speaks English at `PHONE_RATE`."""
    loader: Any = importlib.import_module("espeakng_loader")
    library = ctypes.CDLL(loader.get_library_path())
    rate = library.espeak_Initialize(_RETRIEVAL, 0, str(loader.get_data_path()).encode(), 0)
    library.espeak_SetVoiceByName(b"en-us")
    heard: list[Audio] = []

    def take(samples: Any, count: int, _events: object) -> int:
        if samples and count:
            heard.append(np.asarray(np.ctypeslib.as_array(samples, (count,)) / 32768, dtype=np.float32))
        return 0

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    callback = kind(take)

    def speak(text: str) -> Audio:
        heard.clear()
        library.espeak_SetSynthCallback(callback)
        written = text.encode()
        library.espeak_Synth(written, len(written) + 1, 0, 0, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        return np.asarray(soxr.resample(np.concatenate(heard), rate, PHONE_RATE), dtype=np.float32)

    return speak


def trimmed(audio: Audio) -> Audio:
    """Return a piece without the silence around it, as loud as every other."""
    loud = np.flatnonzero(np.abs(audio) > QUIET)
    margin = int(MARGIN_S * PHONE_RATE)
    piece = audio[max(loud[0] - margin, 0) : loud[-1] + margin]
    return np.asarray(piece / np.max(np.abs(piece)) * PEAK, dtype=np.float32)


def write(language: str, texts: dict[str, str], speak: Callable[[str], Audio]) -> None:
    """Write the pieces of a language."""
    folder = FOLDER / language / "kikimori"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        samples = (trimmed(speak(text)) * 32767).astype(np.int16)
        wavfile.write(folder / f"{name}.wav", PHONE_RATE, samples)


def main() -> None:
    """Write the pieces of one language or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("ja", "en"))
    only = parser.parse_args().only
    if only != "en":
        write("ja", JAPANESE, japanese)
    if only != "ja":
        write("en", ENGLISH, english())


if __name__ == "__main__":
    main()
