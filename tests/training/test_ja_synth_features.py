"""The recipe's MFCC, against Kaldi's own figures: what the network learns from is what Vosk computes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from types import ModuleType

FEATURES = Path(__file__).parents[2] / "models/training/kikimori_training/asr/features.py"
MODEL_CONF = Path(__file__).parents[2] / "models/ja-synth/conf/mfcc.conf"

FRAME_0 = [52.669, 78.547, 59.452, -9.638, -57.446]
FRAME_40 = [47.505, -76.226, 9.486, 51.59, -103.563]


@pytest.fixture(scope="module")
def features() -> ModuleType:
    """Loaded by its path: the training packages are not installed where the tests run, and it needs only numpy."""
    spec = importlib.util.spec_from_file_location("ja_synth_features", FEATURES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chirp() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    time = np.arange(4000) / 8000
    return np.round(5000 * np.sin(2 * np.pi * (300 * time + 2500 * time**2)))


def test_the_figures_are_kaldis(features: ModuleType) -> None:
    """Reference from kaldi-native-fbank 1.23.0 with the options of mfcc.conf, frames 0 and 40, first five cepstra."""
    got = features.mfcc(chirp())
    assert got.shape == (48, 40)
    assert got[0, :5] == pytest.approx(FRAME_0, abs=0.01)
    assert got[40, :5] == pytest.approx(FRAME_40, abs=0.01)


def test_digital_silence_is_finite_and_level_moves_only_the_first_cepstrum(features: ModuleType) -> None:
    assert np.isfinite(features.mfcc(np.zeros(1000))).all()
    soft, loud = features.mfcc(chirp()), features.mfcc(2 * chirp())
    assert (loud - soft)[:, 1:] == pytest.approx(0.0, abs=0.01)
    # log(2²) in each of 40 bins, through an orthonormal DCT
    assert (loud - soft)[:, 0] == pytest.approx(np.log(4) * np.sqrt(40), abs=0.01)


def test_less_than_a_window_gives_no_frame(features: ModuleType) -> None:
    assert features.mfcc(np.ones(199)).shape == (0, 40)
    assert features.mfcc(np.ones(200)).shape == (1, 40)


def test_the_committed_model_asks_vosk_for_these_features(features: ModuleType) -> None:
    assert MODEL_CONF.read_text() == features.MFCC_CONF
