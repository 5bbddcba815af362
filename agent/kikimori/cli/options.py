"""Options that several commands share."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.terminal import SYSTEM_CONFIG, config_file, say, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from _typeshed import DataclassInstance
    from rich.progress import Progress

    import kikimori_dashboard
    from kikimori.config import AgentConfig


def add_config(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add `--config`; `default`: argparse.SUPPRESS for an action below a command that has the option too."""
    parser.add_argument("--config", type=Path, default=default, metavar="FILE")


def add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log-format", choices=["auto", "console", "json"], default="auto")


def config_path(args: argparse.Namespace) -> Path | None:
    return config_file(args.config)


def state_warning(path: Path | None, config: AgentConfig) -> str | None:
    """Return a warning if the service looks elsewhere for models than this command; else None."""
    if path != SYSTEM_CONFIG or config.state_dir is not None or "STATE_DIRECTORY" in os.environ:
        return None
    return text("state_elsewhere", path=path, state=config.state_path())


def configured(args: argparse.Namespace, *, log_level: str | None = None) -> AgentConfig:
    """Read the configuration and set the log up as it says; raises ConfigError."""
    from kikimori import logs  # noqa: PLC0415  (loads structlog and pydantic: --help shall not wait for them)
    from kikimori.config import read_config  # noqa: PLC0415

    config = read_config(config_path(args))
    logs.configure(log_level or config.log_level, getattr(args, "log_format", "auto"))
    return config


def log_errors(level: str = "error") -> None:
    """Set the log up for a command that measures: errors alone, or what `level` says."""
    from kikimori import logs  # noqa: PLC0415  (see `configured`)

    logs.configure(level)


def dashboard_settings(args: argparse.Namespace) -> kikimori_dashboard.DashboardSettings:
    """Read the dashboard's part of the same file; raises ConfigError."""
    import kikimori_dashboard  # noqa: PLC0415  (an agent alone has none of its libraries)

    return kikimori_dashboard.read_settings(config_path(args))


def with_model(config: AgentConfig, name: str | None) -> AgentConfig:
    """Return the configuration with another speech model, if one is named."""
    if name is None:
        return config
    return config.model_copy(update={"speech": config.speech.model_copy(update={"model": name})})


def add_finals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--finals", choices=["vosk", "whisper", "both"])
    parser.add_argument("--finals-model", metavar="NAME")


def with_finals(config: AgentConfig, args: argparse.Namespace) -> AgentConfig:
    """Return the configuration with the values of `add_finals`' options."""
    given = {"finals": args.finals, "finals_model": args.finals_model}
    update = {key: value for key, value in given.items() if value is not None}
    return config.model_copy(update={"speech": config.speech.model_copy(update=update)})


def with_rules(config: AgentConfig, files: Iterable[Path]) -> AgentConfig:
    """Return the configuration with more rule files."""
    judging = config.judging.model_copy(update={"rules": (*config.judging.rules, *files)})
    return config.model_copy(update={"judging": judging})


def bars(unit: str, *, elapsed: bool = False, remaining: bool = False) -> Progress:
    """Return progress bars on standard error, silent without a terminal; `elapsed`, `remaining`: with the time."""
    from rich.console import Console  # noqa: PLC0415  (see `configured`)
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(
            worded(text("progress_of", done="{task.completed:.0f}", total="{task.total:.0f}", unit=unit)),
            style="dim",
        ),
        *([TimeElapsedColumn()] if elapsed else []),
        *([TimeRemainingColumn()] if remaining else []),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def write_report(path: Path | None, write: Callable[[Path], None]) -> None:
    """Write the page that `--report` asks for, and print its path. Raises KikimoriError."""
    if path is None:
        return
    try:
        write(path)
    except OSError as error:
        raise KikimoriError.of("file_not_written", path=path, reason=error.strerror) from None
    say(text("report_at", path=path))


def on_a_terminal(show: Callable[[str], None]) -> Callable[[str], None] | None:
    """Return the function for a secret if a person sits at the terminal; None for a service, whose output is kept."""
    return show if sys.stderr.isatty() else None


def show_first(link: str) -> None:
    """Print the one-time link for the first account."""
    say(text("first_account", link=link))


def print_figures(figures: DataclassInstance, *, as_json: bool) -> None:
    """Print the figures of a bench."""
    found = asdict(figures)
    if as_json:
        print(json.dumps(found, ensure_ascii=False), flush=True)
        return
    width = max(map(len, found))
    for name, value in found.items():
        said = worded(value) if isinstance(value, str) else value
        meaning = worded(name)
        print(f"{name:<{width}}  {said}" + (f"  （{meaning}）" if meaning != name else ""))
