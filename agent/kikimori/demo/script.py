"""The demo's calls as they lie in `demo/calls/`: two voices and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import soundfile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kikimori.errors import AudioFileError, KikimoriError
from kikimori.model.call import Role
from kikimori_wire.messages import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "calls"
RATE = 8000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(_Part):
    """Something said; seconds from the first sample."""

    role: Role
    start: float
    end: float
    text: str
    style: str


class Key(_Part):
    role: Role
    at: float
    digit: str


class ExpectedAlert(_Part):
    """An alert that must be raised first with `severity`, in the media time `start` … `end` (`from`, `to`)."""

    rule: str
    severity: Severity
    start: Annotated[float, Field(alias="from")]
    end: Annotated[float, Field(alias="to")]
    needs_words: bool


class Person(_Part):
    extension: str
    name: str


class Truth(_Part):
    """What is known of a recorded call."""

    version: Literal[1]
    audio: str
    channels: tuple[Role, ...]
    language: str
    title: dict[str, str]
    caller: str | None
    caller_name: str | None
    operator: Person
    segments: tuple[Segment, ...]
    dtmf: tuple[Key, ...]
    expected_alerts: tuple[ExpectedAlert, ...]


@dataclass(frozen=True)
class DemoCall:
    name: str
    truth: Truth
    voices: dict[Role, NDArray[np.int16]]
    """Samples at 8 kHz, all of one length."""

    @property
    def samples(self) -> int:
        return len(next(iter(self.voices.values())))


def read_truth(path: Path) -> Truth:
    """Read a truth file; raises KikimoriError that names file, key and reason."""
    try:
        return Truth.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KikimoriError(f"{path}: {where}: {first['msg']}") from None


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
            raise AudioFileError(f"{folder / truth.audio}: cannot be read: {error}") from None
        if rate != RATE or samples.shape[1] != len(truth.channels):
            raise AudioFileError(f"{folder / truth.audio}: must be {RATE} Hz, {len(truth.channels)} channels")
        voices = {role: np.ascontiguousarray(samples[:, at]) for at, role in enumerate(truth.channels)}
        calls.append(DemoCall(path.stem, truth, voices))
    return calls
