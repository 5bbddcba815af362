"""`kikimori certificate trust`: the office's authority, taken over after a comparison of its fingerprint."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori import logs
from kikimori.authority import source
from kikimori.authority.place import FILE, put_in_place
from kikimori.cli.terminal import say, show, worded
from kikimori.errors import KikimoriError
from kikimori.security_log import record
from kikimori_core.certificates.authority_content import OfficeAuthority, in_groups, read_office_authority
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse

AGREED = ("yes", "y", "はい")


def run(args: argparse.Namespace) -> int:
    """Take the authority over, where its fingerprint is the expected one; raises KikimoriError, OSError."""
    logs.configure("warning")
    if source.is_address(args.source):
        content = asyncio.run(source.fetch(args.source))
    else:
        content = source.read(Path(args.source))
    authority = read_office_authority(content, args.source)
    _compare(authority, args.fingerprint)
    path = args.folder / FILE
    if not put_in_place(authority.pem, args.folder, replace=args.replace):
        show(text("trust_there_already", path=path))
    else:
        record(
            "authority_trusted",
            authority=authority.name,
            fingerprint=authority.fingerprint,
            source=args.source,
            path=str(path),
        )
        show(text("trust_done", path=path))
    print(f'\n[mqtt]\nport = 8883\nca_file = "{path}"')
    return 0


def _compare(authority: OfficeAuthority, expected: str | None) -> None:
    """Show the authority and have its fingerprint compared; raises KikimoriError where it is not agreed to."""
    say(
        text(
            "trust_shown",
            name=authority.name,
            ends_at=authority.ends_at,
            permitted=", ".join(authority.permitted) or text("trust_any_name"),
            fingerprint=authority.fingerprint,
            groups=in_groups(authority.fingerprint),
        )
    )
    if expected is not None:
        if not authority.is_called(expected):
            raise KikimoriError.of("trust_other_fingerprint")
        return
    if not sys.stdin.isatty():
        raise KikimoriError.of("trust_nobody_to_ask")
    print(worded(text("trust_question")), end=" ", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in AGREED:
        raise KikimoriError.of("trust_not_agreed")
