"""Print what the customers of the demo calls sound like, per style, as a table: level, tilt, pitch."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import soundfile

from kikimori_training.measure import active_level_db, pitch_hz, tilt_db


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.figures", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of NAME.flac and NAME.json")
    folder = parser.parse_args().folder
    print("| call | s | style | speech s | level dBFS | tilt dB (per segment) | pitch Hz |")
    print("|---|---|---|---|---|---|---|")
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        audio, rate = soundfile.read(folder / truth["audio"], dtype="float32", always_2d=True)
        leg = audio[:, truth["channels"].index("customer")]
        said = [each for each in truth["segments"] if each["role"] == "customer"]
        for style in dict.fromkeys(each["style"] for each in said):
            clips = [
                leg[round(each["start"] * rate) : round(each["end"] * rate)]
                for each in said
                if each["style"] == style
            ]
            speech = np.concatenate(clips)
            tilts = [tilt_db(clip, rate) for clip in clips]
            print(
                f"| {path.stem} | {len(audio) / rate:.1f} | {style} | {len(speech) / rate:.1f} "
                f"| {active_level_db(speech, rate):.1f} "
                f"| {tilt_db(speech, rate):.1f} ({min(tilts):.1f} … {max(tilts):.1f}) | {pitch_hz(speech, rate):.0f} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
