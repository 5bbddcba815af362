"""`kikimori evaluate-words FILE…`: evaluation of judging words, on written sentences with a judgement."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.options import add_config, bars, configured, with_rules, write_report
from kikimori.cli.terminal import say, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text
from kikimori_lab.cli.words_tables import show

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from rich.progress import Progress


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("evaluate-words")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--calm", type=Path, nargs="+", action="extend", default=[], metavar="FILE")
    parser.add_argument("--rules", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--without-second-opinion", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--report", type=Path, metavar="FILE.html")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--json", action="store_true")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori_lab.evaluation.calm import evaluate_calm, read_calm  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.evaluation.cases import names_expected, read_cases  # noqa: PLC0415
    from kikimori_lab.evaluation.judging_pool import JudgingPool  # noqa: PLC0415
    from kikimori_lab.evaluation.noise_run import evaluate_noise  # noqa: PLC0415
    from kikimori_lab.evaluation.words_report import write_words_report  # noqa: PLC0415
    from kikimori_lab.evaluation.words_run import evaluate_words  # noqa: PLC0415

    if not args.files and not args.calm:
        raise KikimoriError.of("words_no_file")
    config = with_rules(configured(args, log_level="error"), args.rules)
    if args.without_second_opinion:
        config = config.model_copy(
            update={"judging": config.judging.model_copy(update={"second_opinion": False})}
        )
    files = {path: read_cases(path) for path in args.files}
    calm = {path: read_calm(path) for path in args.calm}
    with JudgingPool(config, args.jobs) as pool, bars("", remaining=True) as progress:
        unknown = names_expected(each for cases in files.values() for each in cases) - pool.judge.names
        if unknown:
            say(text("words_unknown_names", names=", ".join(sorted(unknown))))
        shown = _Bars(progress)
        found = evaluate_words(pool, files, shown.of("cases"))
        if args.noise:
            found = replace(found, noise=evaluate_noise(pool, found.scores, args.seed, shown.of("faults")))
        if calm:
            found = replace(found, calm=evaluate_calm(pool, calm, shown.of))
    figures = found.as_json()
    if args.json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    else:
        show(figures, listed=args.list)
    write_report(args.report, lambda path: write_words_report(figures, path))
    return 0


class _Bars:
    """Progress bars, one for each part of the work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def of(self, name: str) -> Callable[[int, int], None]:
        """Return a function that takes the number done and the total."""
        bar = self._progress.add_task(worded(name), total=0)
        return lambda done, total: self._progress.update(bar, completed=done, total=total)
