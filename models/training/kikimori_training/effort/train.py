"""Fit the effort model to clips: `model.json` for models/effort/.

The numbers come from the program's own hearing, block by block, as it hears a call. Of every clip that has a speaker's
calm clips beside it (same condition), the differences from them are taken; the model for strangers has none.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import Progress
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kikimori.hearing.effort import vector_of
from kikimori.hearing.effort_model import ABSOLUTE, VECTOR, VOICE, EffortModel, Regression
from kikimori.hearing.features import AT, SUMS, WINDOW_S, measure
from kikimori.hearing.frames import block_samples
from kikimori.hearing.vad import VoiceDetector, mark_speech
from kikimori.hearing.voice import JUDGED_FROM_S, MEMORY, voice_vector_of
from kikimori_training.effort.sounds import SOUNDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RATE = 8000
WINDOW = 5
ENOUGH = 8
"""Windows of 40 ms that a second must have of speech."""


@dataclass(frozen=True)
class Clip:
    speaker: str
    condition: str
    style: str
    raised: bool
    vectors: NDArray[np.float32]
    """[seconds, len(VECTOR)], one per block of speech."""
    levels: NDArray[np.float32]


def speech_sums(audio: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return what the program's hearing sums up [blocks with speech, len(SUMS)]."""
    size = block_samples(RATE)
    blocks = np.pad(audio, (0, -len(audio) % size)).reshape(-1, size)
    detector = VoiceDetector()
    speech = np.concatenate([mark_speech([detector], block[None], RATE) for block in blocks])
    found = measure(blocks, speech, RATE)
    return found.sums[found.speech_frames > 0]


def read_clip(path: Path) -> Clip:
    spoken = speech_sums(soundfile.read(path, dtype="int16")[0])
    seconds = np.array([spoken[max(0, at - WINDOW + 1) : at + 1].sum(axis=0) for at in range(len(spoken))])
    seconds = seconds.reshape(-1, spoken.shape[1])
    seconds = seconds[seconds[:, AT["windows"]] >= ENOUGH]
    vectors, levels = vector_of(seconds.astype(np.float32))
    speaker, style = path.stem.split("_", 1)
    return Clip(
        speaker,
        path.parent.parent.name,
        style.rsplit("-", 1)[0],
        path.parent.name == "shout",
        vectors,
        levels,
    )


def styles_of(clips: Sequence[Clip]) -> NDArray[np.str_]:
    return np.concatenate([np.full(len(clip.vectors), clip.style) for clip in clips])


def with_baseline(clips: Sequence[Clip]) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.str_]]:
    """Return vectors with differences from the speaker's other calm clips of the same condition, labels, styles."""
    calm: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.style == "calm" and len(clip.vectors):
            calm[clip.speaker, clip.condition].append(clip)
    rows, labels, styles = [], [], []
    tilt, pitch = VECTOR.index("tilt"), VECTOR.index("pitch")
    for clip in clips:
        others = [each for each in calm[clip.speaker, clip.condition] if each is not clip]
        if not others or not len(clip.vectors):
            continue
        vectors = clip.vectors.copy()
        known = np.concatenate([each.vectors for each in others]).mean(axis=0)
        level = float(np.concatenate([each.levels for each in others]).mean())
        vectors[:, VECTOR.index("level_over")] = np.clip(clip.levels - level, -15, 15)
        vectors[:, VECTOR.index("tilt_over")] = clip.vectors[:, tilt] - known[tilt]
        vectors[:, VECTOR.index("pitch_over")] = clip.vectors[:, pitch] - known[pitch]
        rows.append(vectors)
        labels.append(np.full(len(vectors), clip.raised))
        styles.append(np.full(len(vectors), clip.style))
    return np.concatenate(rows), np.concatenate(labels), np.concatenate(styles)


def weights_of(styles: NDArray[np.str_]) -> NDArray[np.float64]:
    """Every style counts the same, so that lively calm speech, of which there is less, is not given up."""
    names, counts = np.unique(styles, return_counts=True)
    share = dict(zip(names.tolist(), (1 / counts).tolist(), strict=True))
    weights: NDArray[np.float64] = np.array([share[style] for style in styles.tolist()])
    weights *= len(styles) / weights.sum()
    return weights


def fit(
    vectors: NDArray[np.float32],
    raised: NDArray[np.bool_],
    styles: NDArray[np.str_],
    names: Sequence[str],
    strength: float,
) -> Regression:
    """Fit to the first columns of `vectors`, those of `names`: `ABSOLUTE` are the first of `VECTOR`."""
    used = vectors[:, : len(names)]
    scaler = StandardScaler().fit(used)
    found = LogisticRegression(C=strength, max_iter=2000).fit(
        scaler.transform(used), raised, weights_of(styles)
    )
    return Regression(
        names=tuple(names),
        mean=tuple(round(float(each), 5) for each in scaler.mean_),
        scale=tuple(round(float(each), 5) for each in scaler.scale_),
        weight=tuple(round(float(each), 5) for each in found.coef_[0]),
        bias=round(float(found.intercept_[0]), 5),
    )


def clips_of_voice(paths: Sequence[Path]) -> list[NDArray[np.int16]]:
    return [soundfile.read(path, dtype="int16")[0] for path in paths[::4]]


def voice_examples(clips: Sequence[NDArray[np.int16]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return vectors of voices and of sounds that are none, with labels; each sound in two dozen variants."""
    rows, labels = [], []
    sounds = [
        (make(8.0, seed) * 32767).astype(np.int16) for make in SOUNDS.values() for seed in range(100, 124)
    ]
    for audio, voice in [*((clip, True) for clip in clips), *((sound, False) for sound in sounds)]:
        vectors = _voice_vectors(audio)
        rows.append(vectors)
        labels.append(np.full(len(vectors), voice))
    return np.concatenate(rows), np.concatenate(labels)


def _voice_vectors(audio: NDArray[np.int16]) -> NDArray[np.float32]:
    heard = np.zeros(len(SUMS), dtype=np.float32)
    rows = []
    for sums in speech_sums(audio):
        heard = heard * np.float32(MEMORY) + sums
        if heard[AT["windows"]] * WINDOW_S >= JUDGED_FROM_S:
            rows.append(heard.copy())
    return voice_vector_of(np.array(rows, dtype=np.float32).reshape(-1, len(SUMS)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.effort.train", description=__doc__)
    parser.add_argument("clips", type=Path, help="folder train of kikimori_training.effort.clips")
    parser.add_argument("--out", type=Path, required=True, help="model.json")
    parser.add_argument(
        "--strength", type=float, default=0.05, help="inverse of the regularisation (default: 0.05)"
    )
    options = parser.parse_args()
    paths = sorted(options.clips.glob("*/*/*.flac"))
    with Progress(console=Console(stderr=True)) as progress:
        clips = [read_clip(path) for path in progress.track(paths, description="Clips")]
    clips = [clip for clip in clips if len(clip.vectors)]
    every = np.concatenate([clip.vectors for clip in clips])
    raised = np.concatenate([np.full(len(clip.vectors), clip.raised) for clip in clips])
    calm = np.concatenate([clip.vectors for clip in clips if clip.style == "calm"]).mean(axis=0)
    vectors, labels, styles = with_baseline(clips)
    voices, is_voice = voice_examples(clips_of_voice(paths))
    model = EffortModel(
        version=1,
        made_with=f"{len(clips)} clips of {len({clip.speaker for clip in clips})} synthetic speakers",
        stranger=fit(every, raised, styles_of(clips), ABSOLUTE, options.strength),
        known=fit(vectors, labels, styles, VECTOR, options.strength),
        voice=fit(voices, is_voice, np.where(is_voice, "voice", "none"), VOICE, 1.0),
        prior_tilt=round(float(calm[VECTOR.index("tilt")]), 3),
        prior_pitch=round(float(calm[VECTOR.index("pitch")]), 3),
    )
    options.out.write_text(model.model_dump_json(indent=1) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(every)} seconds, {raised.mean():.0%} raised")
    return 0


if __name__ == "__main__":
    sys.exit(main())
