"""`python -m kikimori_dashboard --config kikimori.toml`: the dashboard alone, e.g. on another machine than the agent."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from kikimori_core.command_line import CommandParser
from kikimori_core.errors import KikimoriError
from kikimori_core.messages import in_language, language_of, text
from kikimori_core.wire.files import show_warnings_plainly
from kikimori_core.wire.open_files import need_open_files
from kikimori_dashboard.app import serve
from kikimori_dashboard.config import DashboardSettings, read_settings
from kikimori_dashboard.https.ports import PortNotOpenError


def main() -> int:
    parser = CommandParser(prog="kikimori_dashboard")
    parser.add_argument("--config", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    show_warnings_plainly(_say)
    try:
        settings = read_settings(arguments.config)
        need_open_files()
    except KikimoriError as error:
        return _failed(error)
    try:
        uvloop.run(_until_told(settings))
    except KikimoriError as error:
        return _failed(error)
    except OSError as error:
        port = error.port if isinstance(error, PortNotOpenError) else settings.port
        reason = error.strerror or error
        _say(text("cannot_serve", host=settings.host, port=port, reason=reason))
        return 1
    return 0


def _failed(error: KikimoriError) -> int:
    _say(error.message)
    if error.next_step:
        _say(text("config_next", next_step=error.next_step))
    return error.exit_code


def _show_first(link: str) -> None:
    _say(text("first_account", link=link))


def _say(words: str) -> None:
    print(in_language(words, language_of()), file=sys.stderr, flush=True)


async def _until_told(settings: DashboardSettings) -> None:
    task = asyncio.create_task(
        serve(
            settings,
            lambda url: print(f"dashboard: {url}", flush=True),
            show_first=_show_first if sys.stderr.isatty() else None,
        )
    )
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    sys.exit(main())
