"""`kikimori records`: the records service, and what it keeps."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kikimori.cli import records_faults, records_find, records_keeping, records_list, records_proof
from kikimori.cli.options import add_config, add_log, configured, dashboard_settings
from kikimori.cli.terminal import say
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.journals.segment_limits import SegmentLimits


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("records")
    add_config(parser)
    add_log(parser)
    parser.set_defaults(
        run=run_serve,
        loads=("kikimori.config", "kikimori.logs", "kikimori.process", "kikimori.records_serving"),
    )
    actions = parser.add_subparsers(required=False, metavar="ACTION")
    serve = actions.add_parser("serve")
    # What stands before the action counts too.
    add_config(serve, argparse.SUPPRESS)
    records_list.add_actions(actions)
    records_find.add_actions(actions)
    records_faults.add_actions(actions)
    records_keeping.add_actions(actions)
    records_proof.add_actions(actions)


def run_serve(args: argparse.Namespace) -> int:
    configured(args)
    return serve_until_stopped(dashboard_settings(args))


def serve_until_stopped(settings: DashboardSettings, limits: SegmentLimits | None = None) -> int:
    """Run the records service until SIGINT or SIGTERM, and return the exit code; raises KikimoriError.

    `limits`: of the segments of received journals; None = the usual ones.
    """
    from kikimori.process import run_service  # noqa: PLC0415  (see cli/up.py)
    from kikimori.records_serving import serve_records  # noqa: PLC0415

    return run_service(lambda: serve_records(settings, lambda url: say(text("records_at", url=url)), limits))
