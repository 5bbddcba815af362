"""`kikimori up`: everything one office needs, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import (
    add_config,
    add_log,
    configured,
    dashboard_settings,
    on_a_terminal,
    show_first,
)
from kikimori.cli.terminal import say, say_both
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("up")
    add_config(parser)
    add_log(parser)
    parser.set_defaults(
        run=run, loads=("kikimori.config", "kikimori.logs", "kikimori.office", "kikimori.process")
    )


def run(args: argparse.Namespace) -> int:
    config = configured(args)
    if config.recording.enabled is None and on_a_terminal(say) is not None:
        say_both(both("recording_undecided"))
    pages = dashboard_settings(args)
    # Broker and web server take a moment to load; `--help` should not pay for them.
    from kikimori.office import open_office  # noqa: PLC0415
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415

    async def up() -> int:
        async with (
            stop_on_signals() as stop,
            open_office(config, pages, show_first=on_a_terminal(show_first)) as office,
        ):
            say(text("dashboard_at", url=office.dashboard_url))
            say(text("operator_at", url=office.dashboard_url))
            await stop.wait()
        return 0

    return run_until_done(up())
