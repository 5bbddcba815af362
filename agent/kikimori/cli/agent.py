"""`kikimori agent`: the agent alone, with a broker that runs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import add_config, add_log, configured
from kikimori_core.errors import ConfigError

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("agent")
    add_config(parser)
    add_log(parser)
    parser.set_defaults(run=run, loads=("kikimori.agent", "kikimori.logs", "kikimori.process"))


def run(args: argparse.Namespace) -> int:
    config = configured(args)
    if config.recording.is_on and config.records.url is None:
        raise ConfigError.of("recording_no_url")
    from kikimori.agent import Agent  # noqa: PLC0415  (see cli/up.py)
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415

    async def listen() -> int:
        async with stop_on_signals() as stop:
            agent = Agent(config)
            agent.stop = stop
            await agent.run()
        return 0

    return run_until_done(listen())
