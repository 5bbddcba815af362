"""Reasons for withheld caller numbers. Pure."""

from __future__ import annotations

import unicodedata

_REASONS = {
    "anonymous": "anonymous",
    "anonymous caller": "anonymous",
    "withheld": "anonymous",
    "restricted": "anonymous",
    "private number": "anonymous",
    "id hidden": "anonymous",
    "非通知": "anonymous",
    "非通知設定": "anonymous",
    "coin line/payphone": "payphone",
    "coin line": "payphone",
    "payphone": "payphone",
    "公衆電話": "payphone",
    "unavailable": "unavailable",
    "interaction with other service": "unavailable",
    "out of area": "unavailable",
    "表示圏外": "unavailable",
    "通知圏外": "unavailable",
    "通知不可": "unavailable",
}
"""Texts in place of a name, with the reason: `anonymous` 非通知, `payphone` 公衆電話, `unavailable` 表示圏外."""


def reason_of(text: str) -> str:
    """Return the reason of a withheld number, from the text in place of a name; empty for other texts."""
    words = " ".join(unicodedata.normalize("NFKC", text).strip(" \"'()").lower().split())
    return _REASONS.get(words, "")


def reason_of_user(name: str) -> str:
    """Return the same from `user@host` or a user: a word for a number, or its address (RFC 3323, 4.1)."""
    user, _, host = name.lower().partition("@")
    found = reason_of(user.replace("_", " ").replace("%20", " "))
    return found or {"anonymous.invalid": "anonymous", "unknown.invalid": "unavailable"}.get(host, "")
