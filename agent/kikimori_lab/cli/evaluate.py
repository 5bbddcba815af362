"""`kikimori evaluate DIR`: how well this program judges recordings whose truth is known."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import (
    add_config,
    add_finals,
    bars,
    configured,
    with_finals,
    with_model,
    with_rules,
    write_report,
)
from kikimori.cli.terminal import say, say_next, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from rich.console import Console
    from rich.table import Table


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("evaluate")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--model", metavar="NAME")
    add_finals(parser)
    parser.add_argument("--rules", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--report", type=Path, metavar="FILE.html")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--json", action="store_true")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from kikimori.recognition import load_recognition  # noqa: PLC0415
    from kikimori_lab.evaluation.report import write_report as draw  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.evaluation.run import evaluate, truths_in  # noqa: PLC0415

    config = with_finals(with_model(configured(args, log_level="error"), args.model), args)
    config = with_rules(config, args.rules)
    truths = truths_in(args.folder)
    recognition = await load_recognition(config)
    if recognition.problem:
        detail, step = recognition.problem.texts()
        say(text("evaluate_no_words", detail=detail))
        say_next(step)
    with bars("s", elapsed=True, remaining=True) as progress:
        seconds = sum(max((each.end for each in truth.segments), default=0.0) for _, truth in truths)
        bar = progress.add_task(worded(text("bench_calls", count=len(truths))), total=seconds or None)
        found = await evaluate(
            args.folder,
            config,
            recognition,
            jobs=args.jobs,
            progress=lambda done: progress.update(bar, completed=min(done, seconds)),
        )
    if recognition.problem and not recognition.missing:
        detail, step = recognition.problem.texts()
        raise KikimoriError(text("evaluate_words_missing", detail=detail), next_step=step)
    figures = found.as_json()
    if args.json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    else:
        _show(figures)
    write_report(args.report, lambda path: draw(found, path))
    return 0


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415  (see cli/later.py)

    console = Console(width=None if sys.stdout.isatty() else 100)
    harmless = found["harmless_calls"]
    figures = {
        "calls": found["calls"],
        "minutes": f"{found['hours'] * 60:.1f}",
        "model": found["model"] or "none",
    }
    false = {"false": harmless["with_false_alarm"], "harmless": harmless["calls"]}
    console.print(worded(text("evaluate_summary", **figures, **false)))
    columns = {
        "expected": "exp.",
        "right": "right",
        "missed": "missed",
        "false": "false",
        "precision": "prec.",
        "recall": "recall",
        "false_per_hour": "false/h",
        "delay_s_p50": "p50 s",
        "delay_s_max": "max s",
    }
    console.print(_table(worded("rule"), columns, [*found["rules"].items(), (worded("all"), found["all"])]))
    for role, errors in (found["words"] or {}).items():
        if errors["cer"] is not None:
            rates = {"cer": f"{errors['cer']:.1%}", "cer_sound": f"{errors['cer_sound']:.1%}"}
            console.print(worded(text("evaluate_errors", role=role, **rates)))
    if found["sound_to_alert"]:
        _show_sound(console, found)
    for fault in found["faults"]:
        where = f"{fault['at']} s" if "at" in fault else f"{fault['from']} … {fault['to']} s"
        verdict = worded(fault["verdict"])
        console.print(f"{verdict}: {fault['call']} {fault['rule']} {where}", style="dim")


def _table(title: str, columns: dict[str, str], rows: Iterable[tuple[str, dict[str, Any]]]) -> Table:
    """Return a table of figures, a row each: `columns` are headings by the figure's key; – where there is none."""
    from rich.table import Table  # noqa: PLC0415  (see cli/later.py)

    table = Table(box=None)
    table.add_column(title, no_wrap=True)
    for heading in columns.values():
        table.add_column(worded(heading), justify="right")
    for name, figures in rows:
        table.add_row(name, *("–" if figures[key] is None else str(figures[key]) for key in columns))
    return table


def _show_sound(console: Console, found: dict[str, Any]) -> None:
    """Show the share of the words that remains between the customer's mouth and the alert."""
    sound = found["sound_to_alert"]
    columns = {
        "found": "found",
        "kept": "kept",
        "share": "share",
        "harmless": "harmless",
        "false": "false",
        "cer_sound": "CER",
    }
    rows = {worded("all"): sound["all"], **sound["voices"], **sound["conditions"]}
    console.print(_table(worded(text("evaluate_sound", finals=found["finals"])), columns, rows.items()))
    engines = ", ".join(f"{name} {count}" for name, count in sound["engines"].items()) or worded("none")
    invented = sound["invented"]
    counts = {"utterances": invented["utterances"], "calls": invented["calls"]}
    console.print(worded(text("evaluate_engines", engines=engines, **counts)))
