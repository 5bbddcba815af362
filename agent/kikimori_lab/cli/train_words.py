"""`kikimori train-words FILE… --out DIR`: train the second opinion's model, with an office's own sentences too."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import bars
from kikimori.cli.terminal import worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from rich.progress import Progress, TaskID


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("train-words")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weight", type=float, default=3.0, metavar="N")
    parser.add_argument("--seed", type=int, default=16, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori.config import BUILTIN_OPINION  # noqa: PLC0415  (see cli/up.py)
    from kikimori.version import VERSION  # noqa: PLC0415
    from kikimori_core.judging.second_opinion.senses import Senses  # noqa: PLC0415
    from kikimori_lab.evaluation.cases import read_cases  # noqa: PLC0415
    from kikimori_lab.retraining.fit import FitSettings  # noqa: PLC0415
    from kikimori_lab.retraining.samples import calm_talk, of_cases, shipped_sentences, together, written  # noqa: PLC0415
    from kikimori_lab.retraining.templates import HARMLESS  # noqa: PLC0415
    from kikimori_lab.retraining.train import default_thresholds, train, write_model  # noqa: PLC0415

    if args.weight <= 0:
        raise KikimoriError.of("train_weight")
    senses = Senses.read(BUILTIN_OPINION)
    folder = shipped_sentences()
    own = written(folder)
    categories = sorted({each.label for each in own} - {HARMLESS})
    office = [
        sample for path in args.files for sample in of_cases(path, read_cases(path), categories, args.weight)
    ]
    if args.files and not office:
        raise KikimoriError.of("train_no_sentence")
    calm_ones = calm_talk(folder, args.seed)
    samples = together([*own, *office], calm_ones, args.seed)
    with bars("", remaining=True) as progress:
        trained = train(samples, senses, FitSettings(seed=args.seed), _shown(progress))
    made = {
        "program": VERSION,
        "written": str(len(own)),
        "office": str(len(office)),
        "calm": str(len(calm_ones)),
        "seed": str(args.seed),
    }
    try:
        write_model(args.out, trained, senses, default_thresholds(categories), made, BUILTIN_OPINION)
    except OSError as error:
        raise KikimoriError.of("file_not_written", path=args.out, reason=error.strerror) from None
    figures = {
        "sentences": made,
        "labels": dict(Counter(each.label for each in samples).most_common()),
        **trained.figures,
    }
    if args.json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    else:
        _show(figures)
    return 0


def _shown(progress: Progress) -> Callable[[str, int, int], None]:
    tasks: dict[str, TaskID] = {}

    def told(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = progress.add_task(worded(name), total=total)
        progress.update(tasks[name], completed=done, total=total)

    return told


def _show(figures: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415  (see cli/later.py)
    from rich.table import Table  # noqa: PLC0415  (see cli/later.py)

    console = Console()
    shares = {
        "found": f"{figures['found']:.1%}",
        "right": f"{figures['right_category']:.1%}",
        "false": f"{figures['false']:.2%}",
    }
    held = {"held": figures["held"], "harassing": figures["harassing"]}
    console.print(worded(text("train_summary", **held, **shares)))
    headings = ("said", "sentences", "mean", "was harassment")
    table = Table(*map(worded, headings), title=worded(text("train_reliability")))
    for row in figures["reliability"]:
        table.add_row(
            f"{row['from']:.2f}-{row['to']:.2f}", str(row["n"]), f"{row['said']:.3f}", f"{row['was']:.3f}"
        )
    console.print(table)
