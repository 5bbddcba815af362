"""`kikimori doctor`: faults of this installation, with remedies."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

from kikimori.cli.options import add_config, config_path, configured, dashboard_settings
from kikimori.cli.store_options import in_place
from kikimori.cli.terminal import worded
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse

    from kikimori_core.model.diagnosis import Diagnosis

MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "fault": "[red]✗[/]"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("doctor")
    parser.add_argument("--json", action="store_true")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:

    from rich.console import Console  # noqa: PLC0415  (see cli/later.py)
    from rich.markup import escape  # noqa: PLC0415  (see cli/later.py)

    from kikimori.checks.diagnosis import CheckState  # noqa: PLC0415  (see cli/up.py)
    from kikimori.doctor.examination import examine  # noqa: PLC0415

    config = configured(args, log_level="critical")
    dashboard = dashboard_settings(args)
    dashboard = dashboard.model_copy(update={"store": in_place(dashboard, config_path(args))})
    console = Console(highlight=False, soft_wrap=True)
    if not args.json:
        console.print(
            worded(text("doctor_configuration", path=config_path(args) or text("builtin_defaults")))
        )
    faults = 0
    progress = Console(stderr=True)
    with progress.status("") if progress.is_terminal and not args.json else nullcontext() as status:
        looking = (
            (lambda name: status.update(worded(text("doctor_looking", name=name))))
            if status
            else (lambda _: None)
        )
        async for found in examine(config, dashboard, looking):
            faults += found.state is CheckState.FAULT
            if args.json:
                print(json.dumps(_in_english(found), ensure_ascii=False), flush=True)
                continue
            said = worded(text("doctor_finding", check=found.check, detail=found.detail))
            console.print(f"{MARKS[found.state]} {escape(said)}")
            if found.next_step:
                console.print(f"    {escape(worded(text('said_next', next_step=found.next_step)))}")
    if not args.json:
        console.print(worded(text("doctor_faults", faults=faults) if faults else text("doctor_fit")))
    return 1 if faults else 0


def _in_english(found: Diagnosis) -> dict[str, str]:
    """Return a finding for programs: its fields never change with the language."""
    return {
        "check": found.check,
        "state": str(found.state),
        "detail": str(found.detail),
        "next_step": str(found.next_step),
    }
