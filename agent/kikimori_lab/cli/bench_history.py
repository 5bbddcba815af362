"""`kikimori bench history`."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors
from kikimori.cli.terminal import show
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from kikimori_lab.bench.history import HistoryFigures
    from kikimori_records.settings import StoreSettings


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    parser = what.add_parser("history")
    parser.add_argument("--lines", type=positive, default=200_000, metavar="N")
    parser.add_argument("--rounds", type=positive, default=20, metavar="N")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument("--url", metavar="URL")
    parser.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    if args.folder is not None:
        args.folder.mkdir(parents=True, exist_ok=True)
        return _run_in(args, args.folder)
    with tempfile.TemporaryDirectory(prefix="kikimori-history-") as folder:
        return _run_in(args, Path(folder))


def _run_in(args: argparse.Namespace, folder: Path) -> int:
    from kikimori.process import run_until_done  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.history import bench_history  # noqa: PLC0415
    from kikimori_records.settings import StoreSettings  # noqa: PLC0415

    settings: StoreSettings = StoreSettings(dir=folder)
    if args.url:
        settings = StoreSettings(url=args.url, password_file=args.password_file, dir=folder)
    with bars("lines") as progress:
        bar = progress.add_task("history", total=args.lines)

        async def measure() -> int:
            figures = await bench_history(
                settings,
                args.lines,
                args.rounds,
                lambda done: progress.update(bar, completed=done),
                make=not args.made,
            )
            _show(figures, as_json=args.json)
            return 0

        return run_until_done(measure())


def _show(figures: HistoryFigures, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(figures), ensure_ascii=False))
        return
    said = {name: getattr(figures, name) for name in ("engine", "lines", "p50_ms", "p95_ms", "slowest")}
    show(text("bench_history", **said))
    for each in figures.questions:
        show(f"{each.p95_ms:8.1f} ms  {each.count_p95_ms:8.1f} ms  {each.count:>6}  {each.question or '—'}")
