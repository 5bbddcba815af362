"""Make the demo's calls again: one FLAC and one truth JSON per script, the same bytes every time."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import soundfile
from rich.console import Console
from rich.progress import Progress

from kikimori_training import telephone
from kikimori_training.calls import SynthCall, load_script, render

SCRIPTS = Path(__file__).parent.parent / "scripts"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.demo_calls", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for NAME.flac and NAME.json; made if missing"
    )
    parser.add_argument(
        "--scripts",
        type=Path,
        default=SCRIPTS,
        help="folder of NAME.toml (default: those beside this package)",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these calls (default: all)")
    options = parser.parse_args()

    scripts = {path.stem: path for path in sorted(options.scripts.glob("*.toml"))}
    unknown = sorted(set(options.names) - set(scripts))
    if unknown or not scripts:
        parser.error(f"no script for {', '.join(unknown)}" if unknown else f"no *.toml in {options.scripts}")
    chosen = {name: path for name, path in scripts.items() if not options.names or name in options.names}

    options.out.mkdir(parents=True, exist_ok=True)
    with Progress(console=Console(stderr=True)) as progress:
        for name, path in progress.track(chosen.items(), description="Calls"):
            call = render(load_script(path), name)
            write(call, options.out, name)
            seconds = len(call.audio) / telephone.RATE
            size = (options.out / f"{name}.flac").stat().st_size
            progress.console.print(f"{name}: {seconds:.1f} s, {size / 1000:.0f} kB")
    return 0


def write(call: SynthCall, folder: Path, name: str) -> None:
    soundfile.write(
        folder / f"{name}.flac",
        call.audio,
        telephone.RATE,
        format="FLAC",
        subtype="PCM_16",
        compression_level=1.0,
    )
    text = json.dumps(call.truth, ensure_ascii=False, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
