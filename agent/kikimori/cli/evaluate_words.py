"""`kikimori evaluate-words FILE…`: how well what people say is told apart, from written sentences with a judgement."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import TimeRemainingColumn
from rich.table import Table

from kikimori.cli.options import add_config, bars, configured, say, write_report

if TYPE_CHECKING:
    from kikimori.config import AgentConfig

FORMAT = """\
FILE holds one JSON object a line, for example
  {"text": "上司を出せ", "type": "superior", "speaker": "customer", "expected": ["call_for_superior"], "source": "2026年4月の録音"}
  {"text": "返金できますか", "type": "neg-fair", "speaker": "customer", "expected": [], "source": "written for this set"}
  {"name": "refund", "type": "repeat", "turns": [[10, "customer", "返金しろ"], [20, "operator", "いたしかねます"]],
   "until_s": 60, "expected": ["repeated-demand"], "forbidden": [], "source": "written for this set"}
expected: categories of phrases, any of them is right; [] = no alarm; ["any"] = any alarm. A dialogue has turns (seconds,
speaker, text), and expected and forbidden rules. A type is a name of your own, figures are given for each; neg… and …-false are
types of harmless ones.
--json: types, harassing, harmless and wrong count cases (n), right ones and ones with any alarm; precision = of what alarmed,
recall = of what should, accuracy = of all, each with its 95 % interval (Wilson), by utterances and by calls.
Exit code 0 whatever the figures are; 1 when a file cannot be used.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "evaluate-words",
        help="measure how well written sentences and dialogues are judged",
        description="Judges each utterance as a call of its own, and each dialogue as a call, and compares with the "
        "judgement in the file.",
        epilog=FORMAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="JSON lines")
    parser.add_argument(
        "--rules",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="rules read after the configured ones; may be given again",
    )
    parser.add_argument("--list", action="store_true", help="list what was judged wrongly")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page with the figures")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes at once, for large files (default: processor cores)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori.evaluation.cases import names_expected, read_cases  # noqa: PLC0415  (see cli/up.py)
    from kikimori.evaluation.judging_pool import JudgingPool  # noqa: PLC0415
    from kikimori.evaluation.words_report import write_words_report  # noqa: PLC0415
    from kikimori.evaluation.words_run import evaluate_words  # noqa: PLC0415

    config = _with_rules(configured(args, log_level="error"), args.rules)
    files = {path: read_cases(path) for path in args.files}
    cases = [case for of_file in files.values() for case in of_file]
    with JudgingPool(config, args.jobs) as pool, bars("cases", TimeRemainingColumn()) as progress:
        unknown = names_expected(cases) - pool.judge.names
        if unknown:
            say(f"no category, rule or kind in force is called {', '.join(sorted(unknown))}: misspelt?")
        bar = progress.add_task("words", total=len(cases))
        found = evaluate_words(pool, files, lambda done: progress.update(bar, completed=done))
    figures = found.as_json()
    if args.json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    else:
        _show(figures, listed=args.list)
    write_report(args.report, lambda path: write_words_report(figures, path))
    return 0


def _with_rules(config: AgentConfig, rules: list[Path]) -> AgentConfig:
    judging = config.judging.model_copy(update={"rules": (*config.judging.rules, *rules)})
    return config.model_copy(update={"judging": judging})


def _show(found: dict[str, Any], *, listed: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 110)
    for name in ("utterances", "calls"):
        whole = found[name]
        if whole["n"]:
            console.print(
                f"{whole['n']} {name}: {whole['right']} of {whole['harassing']} harassing ones right, "
                f"{whole['false']} of {whole['harmless']} harmless ones with a false alarm"
            )
            console.print(
                "  "
                + ", ".join(f"{each} {_percent(whole, each)}" for each in ("precision", "recall", "accuracy"))
            )
    table = Table(box=None)
    table.add_column("type", no_wrap=True)
    for name in ("n", "right", "any", "precision", "recall", "accuracy"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, score in found["types"].items():
        table.add_row(
            name,
            *(str(score[each]) for each in ("n", "right", "any")),
            *(_percent(score, each) for each in ("precision", "recall", "accuracy")),
        )
    console.print(table)
    console.print(f"95 % intervals in brackets; {len(found['sources'])} sources", style="dim")
    if listed:
        for kind, text, raised, expected in found["wrong"]:
            console.print(
                f"{kind}: {text}  → {', '.join(raised) or 'none'}; expected {' / '.join(expected) or 'none'}",
                style="dim",
                markup=False,
                highlight=False,
            )


def _percent(figures: dict[str, Any], name: str) -> str:
    value, interval = figures[name], figures[f"{name}_95"]
    return "–" if value is None else f"{value:.0%} ({interval[0]:.0%}–{interval[1]:.0%})"
