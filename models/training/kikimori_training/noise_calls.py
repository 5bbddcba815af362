"""Make hours of sound that nobody speaks, for measuring false alarms: OUT/KIND/NNN.wav as a telephone brings it.

Recordings of a kind stand in a folder of its name. They are cut into two halves by their source, so that what is measured
on was not trained with; clips of the half asked for follow each other in random order, at random levels and speeds, in
A-law and µ-law, until there is enough. The same few clips come again and again: distinct seconds are printed beside the hours.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr
from rich.console import Console
from rich.progress import Progress

from kikimori_training.effort.sounds import SOUNDS
from kikimori_training.telephone import RATE, Colour, Law, noise, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from kikimori_training.measure import Audio

HALVES = ("train", "held-out", "all")
LOUDEST_DB, QUIETEST_DB = -10.0, -40.0
"""Levels of the loudest fifth of a second of a clip."""
SLOWEST, FASTEST = 0.9, 1.1
CALL_S = 300.0
SHORTEST_S = 0.1
"""A shorter recording is none."""
WHOLE_S = 30.0
"""Of a long recording so much at a time is taken, from a random place."""
SUFFIXES = {".wav", ".ogg", ".flac"}
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ESC = re.compile(r"\d-(\d+)-[A-Z]")


def ciphertext(seconds: float, seed: int) -> Audio:
    """Encrypted media taken for G.711: bytes without any order."""
    codes = np.random.default_rng(seed).integers(0, 256, round(seconds * RATE), dtype=np.uint8)
    audio = decoded(codes.tobytes(), Law.MU if seed % 2 else Law.A)
    return np.asarray(audio / 32768, dtype=np.float32)


def _noise(colour: Colour) -> Callable[[float, int], Audio]:
    return lambda seconds, seed: noise(round(seconds * RATE), -20.0, colour, seed)


def silence(seconds: float, seed: int) -> Audio:
    """The faintest hiss of a line on which nobody speaks."""
    return noise(round(seconds * RATE), -66.0, Colour.WHITE, seed)


def line_noise(seconds: float, seed: int) -> Audio:
    """Hiss with overtones of the mains, as bad lines have it."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    order = rng.choice(np.arange(6, 21), 5, replace=False)[:, None]
    hum = np.sin(2 * np.pi * 50 * order * time + rng.uniform(0, 6, (5, 1))).sum(axis=0)
    hiss = noise(len(time), -20.0, Colour.WHITE, seed)
    return np.asarray(hiss + hum * float(rng.uniform(0.0, 0.05)), dtype=np.float32)


MADE: dict[str, Callable[[float, int], Audio]] = {
    **SOUNDS,
    "white-noise": _noise(Colour.WHITE),
    "pink-noise": _noise(Colour.PINK),
    "ciphertext": ciphertext,
    "silence": silence,
    "line-noise": line_noise,
}
"""Kinds without recordings; each seed is another source."""
AS_IT_IS = frozenset({"ciphertext", "silence"})
"""Neither its level nor its speed can vary."""
VOICES = 4
"""Voices of a babble."""
HELD_OUT_SEED = 1_000_000
"""Seeds from here on are never trained with."""


@dataclass(frozen=True, slots=True)
class Half:
    """The recordings of a kind that one half holds."""

    kind: str
    paths: tuple[Path, ...]
    seconds: float

    @classmethod
    def of(cls, kind: str, folder: Path, half: str) -> Half:
        paths = tuple(
            path
            for path in sorted(folder.rglob("*"))
            if path.suffix.lower() in SUFFIXES
            and half in ("all", half_of(path))
            and soundfile.info(path).duration >= SHORTEST_S
        )
        return cls(kind, paths, sum(soundfile.info(path).duration for path in paths))


def source_of(path: Path) -> str:
    """Return the recording that a clip was cut from: Freesound's number (ESC), the recording device, else the name."""
    named = _ESC.fullmatch(path.stem)
    device = _UUID.match(path.stem)
    return named[1] if named else device[0].lower() if device else path.stem


def half_of(path: Path) -> str:
    return "train" if zlib.crc32(source_of(path).encode()) % 2 else "held-out"


def decoded(codes: bytes, law: Law) -> NDArray[np.int16]:
    """Return G.711 bytes as int16."""
    audio, _ = soundfile.read(
        io.BytesIO(codes), dtype="int16", format="RAW", samplerate=RATE, channels=1, subtype=law.value
    )
    return np.asarray(audio, dtype=np.int16)


read = cache(recording)
"""`recording`, remembered: the same few clips come again and again."""


def recorded(path: Path, rng: np.random.Generator) -> Audio:
    """Return a recording, or a part of it where it is long."""
    audio, most = read(path), round(WHOLE_S * RATE)
    start = int(rng.integers(0, max(len(audio) - most, 0) + 1))
    return audio[start : start + most]


def varied(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return the clip at another speed and level."""
    speed = float(rng.uniform(SLOWEST, FASTEST))
    audio = np.asarray(soxr.resample(audio, RATE * speed, RATE), dtype=np.float32)
    block = RATE // 5
    blocks = np.pad(audio, (0, -len(audio) % block)).reshape(-1, block)
    loudest = float((blocks**2).mean(axis=1).max()) if len(blocks) else 0.0
    if loudest <= 0:
        return audio
    level_db = float(rng.uniform(QUIETEST_DB, LOUDEST_DB))
    return np.asarray(audio * 10 ** (level_db / 20) / np.sqrt(loudest), dtype=np.float32)


def calls_of(clips: Iterator[Audio], count: int) -> Iterator[Audio]:
    """Join clips to calls of `CALL_S`; what is left of a clip begins the next call."""
    size, waiting = round(CALL_S * RATE), np.zeros(0, dtype=np.float32)
    for _ in range(count):
        parts, missing = [waiting[:size]], size - len(waiting)
        waiting = waiting[size:]
        while missing > 0:
            clip = next(clips)
            parts.append(clip[:missing])
            waiting = clip[missing:]
            missing -= len(parts[-1])
        yield np.concatenate(parts)


def recorded_clips(paths: Sequence[Path], rng: np.random.Generator) -> Iterator[Audio]:
    """Give all recordings in random order, again and again, each time varied otherwise."""
    while True:
        for number in rng.permutation(len(paths)):
            yield varied(recorded(paths[int(number)], rng), rng)


def babble_clips(paths: Sequence[Path], rng: np.random.Generator) -> Iterator[Audio]:
    """Give ten seconds at a time of `VOICES` who speak at once, each as loud as the others."""
    size = round(10.0 * RATE)
    while True:
        total = np.zeros(size, dtype=np.float32)
        for _ in range(VOICES):
            talk = np.zeros(0, dtype=np.float32)
            while len(talk) < size:
                said = read(paths[int(rng.integers(len(paths)))])
                talk = np.concatenate([talk, said / (np.sqrt((said**2).mean()) + 1e-9)])
            total += talk[:size]
        yield varied(total, rng)


def made_clips(kind: str, half: str, rng: np.random.Generator) -> Iterator[Audio]:
    first = 0 if half == "train" else HELD_OUT_SEED
    while True:
        clip = MADE[kind](10.0, first + int(rng.integers(HELD_OUT_SEED)))
        yield clip if kind in AS_IT_IS else varied(clip, rng)


def write_kind(out: Path, kind: str, clips: Iterator[Audio], hours: float) -> Iterator[None]:
    """Write a kind's calls, A-law and µ-law in turn; yields after each."""
    folder = out / kind
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, round(hours * 3600 / CALL_S))
    for number, call in enumerate(calls_of(clips, count)):
        law = (Law.MU, Law.A)[number % 2]
        soundfile.write(folder / f"{number:03d}.wav", np.clip(call, -1, 1), RATE, subtype=law.value)
        yield


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.noise_calls", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", help="folders of recordings, each named by its kind")
    parser.add_argument("--made", nargs="*", choices=sorted(MADE), default=[], help="kinds made here")
    parser.add_argument("--babble", type=Path, help="folder of speech; four of its recordings at once")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--half", choices=HALVES, default="held-out", help="of the sources (default: held-out)"
    )
    parser.add_argument("--hours", type=float, default=10.0, help="of each kind (default: 10)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    halves = [Half.of(folder.name, folder, options.half) for folder in options.folders]
    if empty := [half.kind for half in halves if not half.paths]:
        parser.error(f"no recordings of {', '.join(empty)}")
    sources: dict[str, tuple[Iterator[Audio], str]] = {}
    for half in halves:
        rng = np.random.default_rng([options.seed, zlib.crc32(half.kind.encode())])
        told = (
            f"{half.seconds:.0f} distinct seconds of {len({source_of(each) for each in half.paths})} sources"
        )
        sources[half.kind] = (recorded_clips(half.paths, rng), told)
    if options.babble is not None:
        half = Half.of("babble", options.babble, "all")
        if len(half.paths) < VOICES:
            parser.error(f"fewer than {VOICES} recordings in {options.babble}")
        rng = np.random.default_rng([options.seed, zlib.crc32(b"babble")])
        sources["babble"] = (
            babble_clips(half.paths, rng),
            f"{half.seconds:.0f} distinct seconds of {len(half.paths)} recordings, {VOICES} at once",
        )
    for kind in options.made:
        rng = np.random.default_rng([options.seed, zlib.crc32(kind.encode())])
        sources[kind] = (made_clips(kind, options.half, rng), "all distinct, made here")
    with Progress(console=Console(stderr=True)) as progress:
        for kind, (clips, told) in sources.items():
            total = max(1, round(options.hours * 3600 / CALL_S))
            for _ in progress.track(
                write_kind(options.out, kind, clips, options.hours), total, description=kind
            ):
                pass
            print(f"{kind}: {total * CALL_S / 3600:.2f} h, {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
