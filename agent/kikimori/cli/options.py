"""Options that several commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

import kikimori_dashboard
from kikimori import logs
from kikimori.config import AgentConfig, read_config
from kikimori.errors import ConfigError
from kikimori.toml_file import read_toml

if TYPE_CHECKING:
    import argparse

SYSTEM_CONFIG = Path("/etc/kikimori/kikimori.toml")


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"kikimori.toml; default: {SYSTEM_CONFIG} if it exists, else the built-in defaults",
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log-format",
        choices=["auto", "console", "json"],
        default="auto",
        help="how the log is written to standard error; auto = readable on a terminal, else JSON lines",
    )


def config_path(args: argparse.Namespace) -> Path | None:
    given: Path | None = args.config
    return given or (SYSTEM_CONFIG if SYSTEM_CONFIG.exists() else None)


def configured(args: argparse.Namespace, *, log_level: str | None = None) -> AgentConfig:
    """Read the configuration and set the log up as it says; raises ConfigError."""
    config = read_config(config_path(args))
    logs.configure(log_level or config.log_level, getattr(args, "log_format", "auto"))
    return config


def dashboard_settings(args: argparse.Namespace) -> kikimori_dashboard.DashboardSettings:
    """Read the dashboard's part of the same file; raises ConfigError."""
    path = config_path(args)
    document: dict[str, Any] = read_toml(path) if path else {}
    try:
        return kikimori_dashboard.settings_from(document)
    except ValidationError as error:
        shared = {"site", "language", "mqtt"}
        faults = []
        for each in error.errors(include_url=False, include_input=False):
            where = ".".join(map(str, each["loc"]))
            table = "" if where.split(".")[0] in shared else "dashboard."
            faults.append(f"{path}: {table}{where}: {each['msg'].removeprefix('Value error, ')}")
        raise ConfigError("\n".join(faults), next_step="see config/kikimori.toml for every key") from None


def say(text: str) -> None:
    """Tell the person at the terminal; standard output stays for results."""
    print(text, file=sys.stderr, flush=True)
