"""`kikimori config check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import add_config, config_path, configured, dashboard_settings
from kikimori.cli.terminal import show, warn
from kikimori.errors import ConfigError
from kikimori.parts import is_installed
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori.doctor import Diagnosis
    from kikimori_dashboard import DashboardSettings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("config")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check")
    check.add_argument("--rules", action="store_true")
    add_config(check)
    check.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    config = configured(args)
    dashboard = dashboard_settings(args)
    if is_installed("agent"):
        from kikimori.cli.config_of_agent import check_agent  # noqa: PLC0415  (see cli/up.py)

        check_agent(args, config, dashboard)
    else:
        _check_dashboard(args, config, dashboard)
    show(text("doctor_fit"))
    return 0


def _check_dashboard(args: argparse.Namespace, config: AgentConfig, dashboard: DashboardSettings) -> None:
    """Check and describe the configuration of a machine on which the agent is not installed."""
    from kikimori.cli.config_of_recording import say_recording  # noqa: PLC0415  (see cli/later.py)
    from kikimori.doctor.configuration import look_at_dashboard  # noqa: PLC0415  (see cli/up.py)
    from kikimori_dashboard.https.page_url import page_url  # noqa: PLC0415
    from kikimori_records.folder import records_folder  # noqa: PLC0415  (see cli/up.py)

    say_findings(look_at_dashboard(config, dashboard), config_path(args))
    mqtt = dashboard.mqtt
    show(text("doctor_configuration", path=config_path(args) or text("builtin_defaults")))
    show(text("check_site_of_dashboard", site=config.site, host=mqtt.host, port=mqtt.port))
    show(text("check_dashboard", url=page_url(dashboard)))
    kept = records_folder(dashboard.records, dashboard.store_settings())
    say_recording(dashboard.recording, dashboard.records.model_copy(update={"url": None}), kept, kept)
    if (url := dashboard.records.url) is not None and not kept.is_dir():
        show(text("check_recorded_sound", url=url))
    show(text("check_no_agent"))


def say_findings(found: list[Diagnosis], path: Path | None) -> None:
    """Print warnings; raise ConfigError for the faults, with file, line, key and reason of each."""
    from kikimori_core.wire.toml_file import place_of  # noqa: PLC0415  (see cli/later.py)

    for each in found:
        if each.state == "warning":
            warn(text("doctor_finding", check=each.check, detail=each.detail), each.next_step)
    faults = [each for each in found if each.state == "fault"]
    if not faults:
        return
    lines: list[str] = []
    for number, each in enumerate(faults):
        lines.append(
            text("config_finding", place=place_of(path, each.check), check=each.check, detail=each.detail)
        )
        if number < len(faults) - 1:
            lines.append(text("config_next", next_step=each.next_step))
    raise ConfigError.of("config_findings", faults=tuple(lines), next_step=faults[-1].next_step)
