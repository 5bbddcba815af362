"""The demo's calls as they lie in `demo/calls/`: two voices and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from kikimori.errors import AudioFileError
from kikimori_lab.evaluation.truth import Truth, read_truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori_core.model.call import Role

FOLDER = Path(__file__).parent / "calls"
LONG_FOLDER = Path(__file__).parent / "long"
"""A call as long as a real one; apart from the others, which are played to the end wherever something is measured."""
RATE = 8000


@dataclass(frozen=True)
class DemoCall:
    name: str
    truth: Truth
    voices: dict[Role, NDArray[np.int16]]
    """Samples at 8 kHz, all of one length."""

    @property
    def samples(self) -> int:
        return len(next(iter(self.voices.values())))


def load_calls(folder: Path = FOLDER) -> list[DemoCall]:
    """Read all calls of a folder, by name.

    Raises:
        KikimoriError: a file is missing or broken.
    """
    calls = []
    for path in sorted(folder.glob("*.json")):
        truth = read_truth(path)
        try:
            samples, rate = soundfile.read(folder / truth.audio, dtype="int16", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise AudioFileError.of("audio_unreadable", file=folder / truth.audio, reason=error) from None
        if rate != RATE or samples.shape[1] != len(truth.channels):
            raise AudioFileError.of(
                "demo_audio_wrong", file=folder / truth.audio, rate=RATE, channels=len(truth.channels)
            )
        voices = {role: np.ascontiguousarray(samples[:, at]) for at, role in enumerate(truth.channels)}
        calls.append(DemoCall(path.stem, truth, voices))
    return calls
