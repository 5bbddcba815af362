"""`kikimori agent`: the agent alone, with a broker that runs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import add_config, add_log, configured

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], summary: str) -> None:
    parser = subparsers.add_parser(
        "agent",
        help=summary,
        description="Hears and judges calls, and talks to the broker of [mqtt]. A broker that is away is waited for; "
        "alerts raised meanwhile are kept on disk and arrive when it is back. Ends on Ctrl-C or SIGTERM.",
    )
    add_config(parser)
    add_log(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    config = configured(args)
    from kikimori.agent import Agent  # noqa: PLC0415  (see cli/up.py)
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415

    async def listen() -> int:
        async with stop_on_signals() as stop:
            agent = Agent(config)
            agent.stop = stop
            await agent.run()
        return 0

    return run_until_done(listen())
