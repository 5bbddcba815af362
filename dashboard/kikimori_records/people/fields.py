"""Fields of a person as people type them, cleaned and checked; the same for commands, CSV files and pages."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from kikimori_core.messages import text as words
from kikimori_records.people.person import ROLES, plain_login

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_NAME = 128
LONGEST_LABEL = 64
MOST_EXTENSIONS = 20
MOST_SEAT = 200

_TELEPHONE = re.compile(r"[0-9A-Za-z*#+._@-]{1,64}")
_LOGIN = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")

ROLE_NAMES = {
    "operator": "オペレーター",
    "supervisor": "監督者",
    "records": "相談窓口",
    "admin": "管理者",
    "wall": "掲示用",
}
"""Names of the roles in files; pages have their own."""
_ROLES = {
    **{each: each for each in ROLES},
    **{name: role for role, name in ROLE_NAMES.items()},
    "上席": "supervisor",
    "スーパーバイザー": "supervisor",
    "sv": "supervisor",
}
_YES = frozenset({"1", "yes", "true", "on", "はい", "○", "◯", "無効"})
_NO = frozenset({"", "0", "no", "false", "off", "いいえ", "×", "有効"})

FIGURES = {
    "role": {"roles": ", ".join(ROLES), "names": "、".join(ROLE_NAMES.values())},
    "yes_or_no": {"words": "はい, いいえ"},
    "seat": {"most": str(MOST_SEAT)},
    "too_many": {"most": str(MOST_EXTENSIONS)},
}
"""Further parts named by the sentences of some reasons; the others name field and value alone."""


class FieldError(ValueError):
    """A value that cannot be taken. `field` is the column, `reason` a stable code: of `field.…` in the catalogues.

    Its text is for the terminal; pages word the code themselves.
    """

    def __init__(self, field: str, reason: str, value: str = "", more: str = "") -> None:
        said = words(f"field.{reason}", field=field, value=repr(value), **FIGURES.get(reason, {}))
        super().__init__(words("with_more", said=said, more=more) if more else said)
        self.field = field
        self.reason = reason


def plain(text: str) -> str:
    """Return a text without spaces around it, in composed form."""
    return unicodedata.normalize("NFC", text).strip()


def name(text: str, field: str = "name") -> str:
    """Return a name; raises FieldError."""
    found = plain(text)
    if not found:
        raise FieldError(field, "empty", text)
    return _short(found, field, LONGEST_NAME)


def label(text: str, field: str) -> str | None:
    """Return a team or a queue, None for an empty text; raises FieldError."""
    return _short(plain(text), field, LONGEST_LABEL) or None


def login(text: str) -> str | None:
    """Return a login as it is kept, None for an empty text; raises FieldError."""
    found = plain_login(text)
    if not found:
        return None
    if not _LOGIN.fullmatch(found):
        raise FieldError("login", "login", text)
    return found


def telephone(text: str, field: str = "telephone") -> str | None:
    """Return an extension or a number, None for an empty text; full-width digits are made plain. Raises FieldError."""
    found = unicodedata.normalize("NFKC", text).strip()
    if not found:
        return None
    if not _TELEPHONE.fullmatch(found):
        raise FieldError(field, "telephone", text)
    return found


def extensions(text: str) -> frozenset[str]:
    """Return the extensions in a text, divided by spaces, commas or semicolons; raises FieldError."""
    parts = re.split(r"[\s,;、；，/]+", text)
    found = frozenset(each for part in parts if (each := telephone(part, "extensions")) is not None)
    if len(found) > MOST_EXTENSIONS:
        raise FieldError("extensions", "too_many", text[:40])
    return found


def roles(text: str) -> frozenset[str]:
    """Return the roles in a text, in English or Japanese; raises FieldError."""
    found = set()
    for part in re.split(r"[\s,;、；，・/]+", text):
        known = _ROLES.get(unicodedata.normalize("NFKC", part).casefold())
        if part and known is None:
            raise FieldError("roles", "role", part)
        if known is not None:
            found.add(known)
    return frozenset(found)


def seat(text: str, field: str) -> int | None:
    """Return a row or column from 1, None for an empty text; raises FieldError."""
    found = unicodedata.normalize("NFKC", text).strip()
    if not found:
        return None
    if not found.isascii() or not found.isdigit() or not 1 <= int(found[:6]) <= MOST_SEAT:
        raise FieldError(field, "seat", text)
    return int(found)


def yes_or_no(text: str, field: str) -> bool:
    """Return whether a text says yes; empty is no. Raises FieldError."""
    found = unicodedata.normalize("NFKC", text).strip().casefold()
    if found not in _YES | _NO:
        raise FieldError(field, "yes_or_no", text)
    return found in _YES


READERS: dict[str, Callable[[str], object]] = {
    "name": name,
    "login": login,
    "roles": roles,
    "extensions": extensions,
    "telephone": telephone,
    "team": lambda text: label(text, "team"),
    "queue": lambda text: label(text, "queue"),
    "seat_row": lambda text: seat(text, "seat_row"),
    "seat_column": lambda text: seat(text, "seat_column"),
}
"""Reader of each column's text."""


def _short(text: str, field: str, most: int) -> str:
    if len(text) > most:
        raise FieldError(field, "too_long", f"{text[:20]}…")
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise FieldError(field, "control", text)
    return text
