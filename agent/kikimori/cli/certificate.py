"""`kikimori certificate`: the office's own authority and the certificates of its servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori_core.certificates.folder import FOLDER

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("certificate")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    create = _action(actions, "create", _create)
    _add_names(create)
    create.add_argument("--permit", action="append", default=[], metavar="DOMAIN")
    _add_authority_key(create)
    create.add_argument("--force", action="store_true")

    issue = _action(actions, "issue", _issue)
    _add_names(issue)
    issue.add_argument("--as", dest="file_name", metavar="FILE")
    _add_authority_key(issue)
    issue.add_argument("--force", action="store_true")

    renew = _action(actions, "renew", _renew)
    renew.add_argument("--all", action="store_true")
    _add_authority_key(renew)

    show = _action(actions, "show", _show)
    show.add_argument("--json", action="store_true")

    trust = _action(actions, "trust", _trust)
    trust.add_argument("source", metavar="URL|FILE")
    trust.add_argument("--fingerprint", metavar="SHA256")
    trust.add_argument("--replace", action="store_true")


def _action(actions: Any, name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name)
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    add_config(parser)
    parser.set_defaults(run=run)
    return parser


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", action="append", default=[], metavar="NAME")
    parser.add_argument("--address", action="append", default=[], metavar="IP")
    parser.add_argument("--days", type=int, metavar="N")


def _add_authority_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--authority-key", type=Path, metavar="PATH")


def _create(args: argparse.Namespace) -> int:
    from kikimori.cli import certificate_making  # noqa: PLC0415  (loads cryptography: --help shall not wait)

    return certificate_making.create(args)


def _issue(args: argparse.Namespace) -> int:
    from kikimori.cli import certificate_making  # noqa: PLC0415  (see `_create`)

    return certificate_making.issue(args)


def _renew(args: argparse.Namespace) -> int:
    from kikimori.cli import certificate_making  # noqa: PLC0415  (see `_create`)

    return certificate_making.renew(args)


def _show(args: argparse.Namespace) -> int:
    from kikimori.cli import certificate_list  # noqa: PLC0415  (see `_create`)

    return certificate_list.run(args)


def _trust(args: argparse.Namespace) -> int:
    from kikimori.cli import certificate_trust  # noqa: PLC0415  (see `_create`)

    return certificate_trust.run(args)
