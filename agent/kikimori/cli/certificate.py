"""`kikimori certificate`: the office's own authority and the certificates of its servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.later import later
from kikimori.cli.options import add_config
from kikimori_core.certificates.folder import FOLDER

if TYPE_CHECKING:
    import argparse

MAKING = "kikimori.cli.certificate_making"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("certificate")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    create = _action(actions, "create", MAKING, "create")
    _add_names(create)
    create.add_argument("--permit", action="append", default=[], metavar="DOMAIN")
    _add_authority_key(create)
    create.add_argument("--force", action="store_true")

    issue = _action(actions, "issue", MAKING, "issue")
    _add_names(issue)
    issue.add_argument("--as", dest="file_name", metavar="FILE")
    _add_authority_key(issue)
    issue.add_argument("--force", action="store_true")

    renew = _action(actions, "renew", MAKING, "renew")
    renew.add_argument("--all", action="store_true")
    _add_authority_key(renew)

    show = _action(actions, "show", "kikimori.cli.certificate_list")
    show.add_argument("--json", action="store_true")

    trust = _action(actions, "trust", "kikimori.cli.certificate_trust")
    trust.add_argument("source", metavar="URL|FILE")
    trust.add_argument("--fingerprint", metavar="SHA256")
    trust.add_argument("--replace", action="store_true")


def _action(actions: Any, name: str, module: str, function: str = "run") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name)
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    add_config(parser)
    parser.set_defaults(**later(module, function))
    return parser


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", action="append", default=[], metavar="NAME")
    parser.add_argument("--address", action="append", default=[], metavar="IP")
    parser.add_argument("--days", type=int, metavar="N")


def _add_authority_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--authority-key", type=Path, metavar="PATH")
