"""References of SIP messages to dialogs and transactions: tags, branch, Refer-To (RFC 3261, 3515, 3891)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from kikimori.media.sip.message import SipError, split_list
from kikimori.media.sip.values import parse_address, parse_uri, parse_via

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.integrations.mirror.forks import Key
    from kikimori.media.sip.message import Headers


def find(known: Sequence[Dialog], tags: tuple[str, str], key: Key | None) -> tuple[Dialog | None, int]:
    """Return the dialog of a message, and its asking side. `key`: of the INVITE that a response answers."""
    found: list[tuple[tuple[bool, bool, bool], Dialog, int]] = []
    for dialog in reversed(known):
        if tags[0] == dialog.tag:
            by = 0
        elif tags[1] == dialog.tag or len(known) == 1:
            by = 1
        else:
            continue
        found.append(((key in dialog.attempts, not dialog.ended, tags[1 - by] in dialog.forks), dialog, by))
    if not found:
        return None, 0
    _, dialog, by = max(found, key=lambda each: each[0])
    return dialog, by


def branch(headers: Headers) -> str:
    """Return the branch of the topmost Via; empty where it cannot be read."""
    value = headers.first("via")
    if value is None:
        return ""
    try:
        return parse_via(split_list(value)[0]).branch
    except (SipError, IndexError):
        return ""


def tag_of(headers: Headers, name: str) -> str:
    return parse_address(headers.first(name) or "").tag


def user_of(uri: str) -> str:
    try:
        return parse_uri(uri).user
    except SipError:
        return ""


def refer_target(text: str) -> tuple[str, str | None]:
    """Return `205` and the Call-ID of `<sip:205@pbx?Replaces=call-id%3Bto-tag%3D…>`."""
    uri = parse_address(text).uri
    _, _, headers = uri.partition("?")
    for each in headers.split("&"):
        name, _, value = each.partition("=")
        if name.lower() == "replaces":
            return user_of(uri), unquote(value).partition(";")[0].strip()
    return user_of(uri), None
