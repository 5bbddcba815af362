"""`kikimori tap`: the ways in, looked at by themselves."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori.cli.options import add_config, configured
from kikimori.cli.terminal import language, say, show
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

    from kikimori.watch.picture import Source

FRAMES_A_SECOND = 8


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("tap")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _add_watch(actions)
    _add_devices(actions)


def _add_watch(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    watch = actions.add_parser("watch")
    add_config(watch)
    watch.add_argument("--from-agent", action="store_true")
    watch.add_argument("--seconds", type=float, metavar="N")
    watch.add_argument("--json", action="store_true")
    watch.add_argument("--numbers", action="store_true")
    watch.set_defaults(run=run_watch, loads=("kikimori.logs", "kikimori.process", "kikimori.watch.own"))


def _add_devices(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    devices = actions.add_parser("devices")
    devices.set_defaults(run=run_devices)


def run_devices(_args: argparse.Namespace) -> int:
    from kikimori.integrations.line_in.portaudio import PortAudio  # noqa: PLC0415  (see cli/up.py)
    from kikimori.integrations.line_in.sound import SoundError  # noqa: PLC0415

    try:
        found = PortAudio().devices()
    except SoundError as error:
        raise KikimoriError.of("no_sound_system", error=error) from error
    for each in found:
        show(text("sound_device", device=each.name, channels=each.channels, rate=each.rate))
    if not found:
        say(text("sound_device_none"))
    return 0 if found else 1


def run_watch(args: argparse.Namespace) -> int:
    from kikimori.process import run_until_done  # noqa: PLC0415  (see cli/up.py)

    return run_until_done(_watch(args))


async def _watch(args: argparse.Namespace) -> int:
    from kikimori.process import stop_on_signals  # noqa: PLC0415  (see cli/up.py)
    from kikimori.watch.agent import AgentView  # noqa: PLC0415
    from kikimori.watch.own import OwnTaps  # noqa: PLC0415

    config = configured(args, log_level="critical")
    source = AgentView(config) if args.from_agent else OwnTaps(config)
    async with stop_on_signals() as stop, source.running():
        await _show(source, args, stop)
        last = source.picture()
    say(text("watch_legs", seen=last.legs_seen, sounded=last.legs_sounded))
    return 0 if args.seconds is None or last.legs_sounded else 1


async def _show(source: Source, args: argparse.Namespace, stop: asyncio.Event) -> None:
    """Show pictures until told to stop or the time is up."""
    from rich.console import Console  # noqa: PLC0415  (see cli/later.py)
    from rich.live import Live  # noqa: PLC0415  (see cli/later.py)

    from kikimori.watch.lines import as_json, as_line  # noqa: PLC0415  (see cli/up.py)
    from kikimori.watch.screen import draw  # noqa: PLC0415

    console = Console(highlight=False)
    if args.json or not console.is_terminal:
        told = ""
        async for _ in _beats(1.0, args.seconds, stop):
            picture = source.picture()
            line = as_json(picture, numbers=args.numbers) if args.json else as_line(picture, language())
            news = line.partition("  ")[2]
            if args.json or picture.calls or news != told:
                print(line, flush=True)
            told = news
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        async for _ in _beats(1 / FRAMES_A_SECOND, args.seconds, stop):
            size = console.size
            live.update(
                draw(
                    source.picture(),
                    width=size.width,
                    height=size.height,
                    numbers=args.numbers,
                    language=language(),
                ),
                refresh=True,
            )


async def _beats(every_s: float, seconds: float | None, stop: asyncio.Event) -> AsyncIterator[None]:
    """Yield every `every_s` until told to stop or `seconds` have passed, and once more at their end."""
    loop = asyncio.get_running_loop()
    began = due = loop.time()
    end = None if seconds is None else began + seconds
    while not stop.is_set() and (end is None or due < end):
        due = due + every_s if end is None else min(due + every_s, end)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await stop.wait()
                return  # a picture of less than a whole beat would show every leg as silent
        yield
