"""Make the effort model: `model.json` for models/effort/.

A voice is told from other sounds by a regression that is fitted here, to what the program's own hearing makes of voices and
sounds, block by block, as it hears a call. Effort is scored by the round weights of `scores.py`.
"""

from __future__ import annotations

import argparse
import sys
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
from kikimori.hearing.effort_model import BASELINE, VECTOR, VOICE, EffortModel, Regression
from kikimori.hearing.features import AT, SUMS, WINDOW_S, frame_power, measure
from kikimori.hearing.frames import block_samples
from kikimori.hearing.speaking import SpeakingTracker
from kikimori.hearing.vad import VoiceDetector, mark_speech
from kikimori.hearing.voice import JUDGED_FROM_S, MEMORY, voice_vector_of
from kikimori_training.effort.scores import (
    CALM_TRUSTED_S,
    CRY,
    HIGHEST_PITCH,
    KNOWN,
    MOST_FLUX,
    PITCH_RANGE,
    RAISED_PITCH,
    STRANGER,
    TEMPER,
)
from kikimori_training.measure import active_level_db
from kikimori_training.noise_calls import AS_IT_IS, MADE, Half, recorded, varied
from kikimori_training.telephone import Colour, Law, babble, g711, noise

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from numpy.typing import NDArray

    from kikimori_training.measure import Audio

RATE = 8000
VOICES = "voice"
STRENGTH = 0.3
"""Inverse of the regularisation."""
MADE_OF_EACH = 8
"""Clips of every sound that is made."""
STEADY = frozenset({"rain", "sea-waves", "helicopter", "fire-crackling"})
"""Kinds of sound that go on behind a voice."""
BELOW_SPEECH_DB = (15.0, 30.0)
"""Of noise behind a voice."""
PAUSE_S, TALKERS = 0.6, 8
WINDOW = 5
ENOUGH = 8
"""Windows of 40 ms that a second must have of speech."""


@dataclass(frozen=True)
class TrainingClip:
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
    power = frame_power(blocks, RATE)
    speech = as_loud_as_speech(power, blocks)
    found = measure(blocks, speech, RATE, power)
    return found.sums[found.speech_frames > 0]


def as_loud_as_speech(power: NDArray[np.float32], blocks: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return the frames that the program takes for speech of this leg, [blocks, BLOCK_FRAMES]."""
    detector, levels, slots = VoiceDetector(), SpeakingTracker(), np.zeros(1, dtype=np.intp)
    levels.reserve(1)
    found = []
    for block, own in zip(blocks, power, strict=True):
        speech = mark_speech([detector], block[None], RATE)
        found.append(speech & levels.update(slots, own[None], speech).near[:, None])
    return np.concatenate(found)


def read_clip(path: Path) -> TrainingClip:
    spoken = speech_sums(soundfile.read(path, dtype="int16")[0])
    seconds = np.array([spoken[max(0, at - WINDOW + 1) : at + 1].sum(axis=0) for at in range(len(spoken))])
    seconds = seconds.reshape(-1, spoken.shape[1])
    seconds = seconds[seconds[:, AT["windows"]] >= ENOUGH]
    vectors, levels = vector_of(seconds.astype(np.float32))
    speaker, style = path.stem.split("_", 1)
    return TrainingClip(
        speaker,
        path.parent.parent.name,
        style.rsplit("-", 1)[0],
        path.parent.name == "shout",
        vectors,
        levels,
    )


def weights_of(kinds: NDArray[np.str_]) -> NDArray[np.float64]:
    """Voices and other sounds count the same in all; of a kind of sound, the root of what there is counts."""
    weights = np.ones(len(kinds))
    voice = kinds == VOICES
    for kind in np.unique(kinds[~voice]):
        mine = kinds == kind
        weights[mine] = 1 / np.sqrt(max(int(mine.sum()), 50))
    weights[~voice] *= voice.sum() / weights[~voice].sum()
    return weights


def fit(
    vectors: NDArray[np.float32], labels: NDArray[np.bool_], kinds: NDArray[np.str_], names: Sequence[str]
) -> Regression:
    """Fit to all columns of `vectors`, those of `names`."""
    scaler = StandardScaler().fit(vectors)
    found = LogisticRegression(C=STRENGTH, max_iter=2000).fit(
        scaler.transform(vectors), labels, weights_of(kinds)
    )
    return Regression(
        names=tuple(names),
        mean=tuple(round(float(each), 5) for each in scaler.mean_),
        scale=tuple(round(max(float(each), 1e-3), 5) for each in scaler.scale_),
        weight=tuple(round(float(each), 5) for each in found.coef_[0]),
        bias=round(float(found.intercept_[0]), 5),
    )


def joined(clips: Sequence[NDArray[np.int16]], count: int) -> list[NDArray[np.int16]]:
    """Join so many clips at a time: the gate remembers some seconds."""
    return [np.concatenate(clips[at : at + count]) for at in range(0, len(clips), count)]


def voices_of(paths: Sequence[Path], folders: Sequence[Path]) -> list[NDArray[np.int16]]:
    """Return some of the synthetic clips, alone and joined, and the training half of recorded voices."""
    synthetic = [soundfile.read(path, dtype="int16")[0] for path in paths[::3]]
    rng = np.random.default_rng(1)
    real = [
        sent(varied(recorded(path, rng), rng), number)
        for folder in folders
        for number, path in enumerate(Half.of(folder.name, folder, "train").paths[::3])
    ]
    return [*synthetic, *joined(synthetic, 4), *joined(real, 3)]


def noisy(voices: Sequence[NDArray[np.int16]], folders: Sequence[Path]) -> list[NDArray[np.int16]]:
    """Return voices with pauses, and with a noise behind them: recordings of `STEADY`, made noise, people talking."""
    rng = np.random.default_rng(3)
    paths = [
        path for each in folders if each.name in STEADY for path in Half.of(each.name, each, "train").paths
    ]
    spoken: list[Audio] = [np.asarray(each / 32768, dtype=np.float32) for each in voices]
    found = []
    for number, clip in enumerate(spoken):
        audio = np.pad(clip, round(PAUSE_S * RATE))
        kind = number % 4
        if kind == 0:
            chosen = [spoken[at] for at in rng.integers(len(spoken), size=TALKERS)]
            behind: Audio = babble(chosen, len(audio), -20.0, number)
        elif kind == 1:
            behind = noise(len(audio), -20.0, list(Colour)[number // 4 % len(Colour)], number)
        else:
            behind = np.resize(recorded(paths[int(rng.integers(len(paths)))], rng), len(audio))
        below_db = float(rng.uniform(*BELOW_SPEECH_DB))
        behind_db = 10 * np.log10(max(float(np.mean(behind**2)), 1e-12))
        gain_db = active_level_db(clip, RATE) - below_db - behind_db
        found.append(sent(np.asarray(audio + behind * 10 ** (gain_db / 20), dtype=np.float32), number))
    return found


def sounds_of(folders: Sequence[Path], leave: Container[str]) -> list[tuple[str, NDArray[np.int16]]]:
    """Return the training half of recordings that are no voice, twice each, and sounds that are made."""
    rng = np.random.default_rng(2)
    found: list[tuple[str, NDArray[np.int16]]] = []
    for folder in folders:
        for path in Half.of(folder.name, folder, "train").paths:
            if path.stem in leave:
                continue
            # Joined with itself: three seconds are to be had of a short one, too.
            found += [
                (folder.name, np.tile(sent(varied(recorded(path, rng), rng), number), 2))
                for number in range(2)
            ]
    for kind, make in MADE.items():
        for seed in range(MADE_OF_EACH):
            clip = make(10.0, seed)
            found.append((kind, sent(clip if kind in AS_IT_IS else varied(clip, rng), seed)))
    return found


def sent(audio: Audio, number: int) -> NDArray[np.int16]:
    """Return audio as G.711 brings it."""
    return np.asarray(g711(audio, (Law.MU, Law.A)[number % 2]) * 32767, dtype=np.int16)


def voice_examples(
    voices: Sequence[NDArray[np.int16]], sounds: Sequence[tuple[str, NDArray[np.int16]]]
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Return vectors of voices and of sounds that are none, and of which kind each is."""
    rows, kinds = [], []
    for kind, audio in [*((VOICES, each) for each in voices), *sounds]:
        vectors = _voice_vectors(audio)
        rows.append(vectors)
        kinds.append(np.full(len(vectors), kind))
    return np.concatenate(rows), np.concatenate(kinds)


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
        "--sounds", type=Path, nargs="*", default=[], help="folders of recordings without a voice"
    )
    parser.add_argument("--voices", type=Path, nargs="*", default=[], help="folders of recorded calm voices")
    parser.add_argument("--leave", nargs="*", default=[], help="names of recordings not to be trained with")
    options = parser.parse_args()
    paths = sorted(options.clips.glob("*/*/*.flac"))
    with Progress(console=Console(stderr=True)) as progress:
        calm_paths = [path for path in paths if "_calm-" in path.name]
        calm = [read_clip(path) for path in progress.track(calm_paths, description="Calm clips")]
    prior = np.concatenate([clip.vectors for clip in calm]).mean(axis=0)
    voices, sounds = voices_of(paths, options.voices), sounds_of(options.sounds, options.leave)
    voices += noisy(voices[::2], options.sounds)
    vectors, kinds = voice_examples(voices, sounds)
    model = EffortModel(
        version=1,
        made_with=f"{len(voices)} voices, {len(sounds)} other sounds; scores by hand (effort/scores.py)",
        stranger=STRANGER,
        known=KNOWN,
        voice=fit(vectors, kinds == VOICES, kinds, VOICE),
        cry=CRY,
        temper=TEMPER,
        stranger_caution=0.0,
        highest_pitch=HIGHEST_PITCH,
        pitch_range=PITCH_RANGE,
        raised_pitch=RAISED_PITCH,
        most_flux=MOST_FLUX,
        calm_trusted_s=CALM_TRUSTED_S,
        **{f"prior_{name}": round(float(prior[VECTOR.index(name)]), 3) for name in BASELINE},
    )
    options.out.write_text(model.model_dump_json(indent=1) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(vectors)} examples, {np.mean(kinds == VOICES):.0%} of voices")
    return 0


if __name__ == "__main__":
    sys.exit(main())
