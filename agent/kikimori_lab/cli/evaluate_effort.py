"""`kikimori evaluate-effort DIR`: evaluation of raised against calm voices."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config, bars, configured, write_report
from kikimori.cli.terminal import worded
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse

COLUMNS = ("clips", "auc", "eer", "recall_at_1_false_per_hour", "recall", "delay_s_p50")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("evaluate-effort")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--report", type=Path, metavar="FILE.html")
    parser.add_argument("--json", action="store_true")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori_core.judging.kinds.shouting import ShoutingRule  # noqa: PLC0415
    from kikimori_core.judging.rules import load_rules  # noqa: PLC0415
    from kikimori_lab.evaluation.effort import evaluate_effort  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.evaluation.effort_calls import evaluate_calls  # noqa: PLC0415
    from kikimori_lab.evaluation.effort_report import write_effort_report  # noqa: PLC0415

    config = configured(args, log_level="error")
    rules = load_rules(config.rule_files())
    with bars("clips", remaining=True) as progress:
        bar = progress.add_task("effort", total=None)
        found = evaluate_effort(
            args.folder, rules, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    calls = evaluate_calls(args.folder, [rule for rule in rules if isinstance(rule, ShoutingRule)])
    figures = found.as_json() | {"calls": calls}
    if args.json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    else:
        _show(figures)
    write_report(args.report, lambda path: write_effort_report(found, calls, path))
    return 0


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415  (see cli/later.py)
    from rich.table import Table  # noqa: PLC0415  (see cli/later.py)

    console = Console(width=None if sys.stdout.isatty() else 110)
    calm = {"hours": found["calm_calls_hours"], "alerts": found["calm_calls_false_alerts"]}
    console.print(worded(text("effort_summary", clips=found["clips"], **calm)))
    for name, rows in found["calls"].items():
        for kind, row in rows.items():
            told = ", ".join(f"{_heading(key)} {value}" for key, value in row.items() if value is not None)
            console.print(f"{_heading(name)} {_heading(kind)}: {told}")
    for name in ("with_baseline", "without_baseline"):
        table = Table(title=_heading(name), box=None, title_justify="left")
        table.add_column(worded("condition"), no_wrap=True)
        for column in COLUMNS:
            table.add_column(_heading(column.replace("_at_1_false_per_hour", "_@1/h")), justify="right")
        rows = {**found[name].get("conditions", {}), worded("all"): found[name]["all"]}
        for condition, figures in rows.items():
            table.add_row(
                condition, *("–" if figures[each] is None else str(figures[each]) for each in COLUMNS)
            )
        console.print(table)


def _heading(name: str) -> str:
    """Return the name of a figure as a heading."""
    return worded(name.replace("_", " "))
