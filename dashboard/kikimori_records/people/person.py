"""Rows of the directory."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

ROLES = ("operator", "supervisor", "records", "admin", "wall")


def can_administer(roles: Collection[str], login: str | None, password_hash: str | None) -> bool:
    """Return whether somebody is an administrator who can sign in."""
    return "admin" in roles and login is not None and password_hash is not None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the office, with the secrets' hashes."""

    id: str
    name: str
    login: str | None
    """None = never signs in."""
    roles: frozenset[str]
    extensions: frozenset[str]
    created_at: datetime
    changed_at: datetime
    disabled_at: datetime | None = None
    team: str | None = None
    """None = all teams."""
    queue: str | None = None
    telephone: str | None = None
    """Own telephone, apart from the extension at which calls are taken."""
    seat_row: int | None = None
    seat_column: int | None = None
    must_change: bool = False
    """The password has to be changed at the next login."""
    password_hash: str | None = None
    pin_hash: str | None = None
    totp_secret: str | None = None
    totp_used_step: int | None = None
    """Last time step whose code was used; an older one is refused."""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who is to be added."""

    name: str
    login: str | None = None
    roles: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    team: str | None = None
    queue: str | None = None
    telephone: str | None = None
    seat_row: int | None = None
    seat_column: int | None = None
    must_change: bool = False
    password_hash: str | None = None
    pin_hash: str | None = None
    totp_secret: str | None = None


def plain_login(login: str) -> str:
    """Return a login as it is kept: typed with other widths or capitals it is the same one."""
    return unicodedata.normalize("NFKC", login).casefold().strip()
