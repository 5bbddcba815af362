"""Count what the agent makes of hours in which nobody speaks: utterances and alerts by kind of sound, for one choice of recognisers.

NOISE is a folder as `noise_calls` makes it, KIND/NNN.wav. Each file is taken for the customer's leg of a call whose operator is silent.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def as_calls(files: Sequence[Path], folder: Path) -> tuple[list[Path], float]:
    """Write each file as a two-leg call; return them and their seconds."""
    calls: list[Path] = []
    seconds = 0.0
    for file in files:
        audio, rate = soundfile.read(file, dtype="int16")
        calls.append(folder / f"{file.stem}.flac")
        soundfile.write(calls[-1], np.stack([audio, np.zeros_like(audio)], axis=1), rate)
        seconds += len(audio) / rate
    return calls, seconds


def counted(lines: Iterable[str]) -> Counter[str]:
    """Count the customer's utterances and the alerts in what `kikimori analyze --json` prints."""
    found: Counter[str] = Counter()
    for line in lines:
        item = json.loads(line)
        if item["type"] == "segment" and item["role"] == "customer":
            found["utterances"] += 1
        elif item["type"] == "alert":
            found["alerts"] += 1
            found[item["rule"]] += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m kikimori_training.no_speech",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("noise", type=Path)
    parser.add_argument("options", nargs="*", help="options of `kikimori analyze`, after --")
    args = parser.parse_args()
    command = [str(Path(sys.executable).with_name("kikimori")), "analyze", "--json", *args.options]
    for kind in sorted(folder for folder in args.noise.iterdir() if folder.is_dir()):
        with tempfile.TemporaryDirectory() as folder:
            calls, seconds = as_calls(sorted(kind.glob("*.wav")), Path(folder))
            ran = subprocess.run([*command, *map(str, calls)], check=True, capture_output=True, text=True)
        print(f"{kind.name}: {seconds / 3600:.2f} h, {dict(counted(ran.stdout.splitlines()))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
