"""Passwords: argon2id in threads of their own, rules for new ones."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 256
AT_A_TIME = 2
"""Passwords hashed at a time: each takes 64 MiB for a moment."""
MOST_WAITING = 50
"""Passwords that wait to be hashed; more are refused, so that a flood of logins costs bounded time and memory."""


class TooManyPasswordsError(Exception):
    """Too many passwords wait to be checked."""


OFFICE_WORDS = (
    *("kikimori", "聞守", "ききもり", "キキモリ", "harassment", "kasuhara", "カスハラ", "callcenter"),
    *(
        "operator",
        "supervisor",
        "dashboard",
        "kanrisha",
        "管理者",
        "応対者",
        "上席",
        "pasuwado",
        "パスワード",
    ),
)
"""Words that somebody who guesses tries first here, besides the login."""
LEAST_GUESSES = 1_000_000_000
"""Tries that a password must be worth to somebody who knows common passwords, names, words and patterns of keyboards."""
LOOKED_AT = 64
"""Characters that are compared with what is common: longer ones take long."""


def fault_of(password: str, login: str = "") -> str | None:
    """Return the code of the reason why a new password is refused; None when it is good. May take seconds.

    Length counts, and that it is not one of those that are tried first: rules about kinds of characters make passwords
    that people write down.
    """
    if len(password) < LEAST_CHARACTERS:
        return "password_short"
    if len(password) > MOST_CHARACTERS:
        return "password_long"
    if login and password.casefold() == login.casefold():
        return "password_is_login"
    if len(set(password)) == 1:
        return "password_one_character"
    return "password_common" if _is_common(password, login) else None


def _is_common(password: str, login: str) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415  (its word lists are large, and seldom needed)

    known = [word for word in (*OFFICE_WORDS, login) if word]
    return bool(zxcvbn(_same_letters(password)[:LOOKED_AT], user_inputs=known)["guesses"] < LEAST_GUESSES)


class Passwords:
    """Hashes and checks passwords outside the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="password")
        self._waiting = 0
        self._unknown: str | None = None
        """Hash that is checked for unknown users, so that they take as long as known ones."""

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def fault_of(self, password: str, login: str = "") -> str | None:
        """Return the code of the reason why a new password is refused, see `fault_of`."""
        return await self._in_thread(fault_of, password, login)

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hash, password)

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Return whether a password is right. `password_hash`: None = of nobody; takes the same time, and is wrong."""
        return await self._in_thread(self._check, password_hash, password)

    def outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_same_letters(password))

    def _check(self, password_hash: str | None, password: str) -> bool:
        if password_hash is None:
            self._unknown = self._unknown or self._hasher.hash("of nobody")
        try:
            right = self._hasher.verify(password_hash or self._unknown or "", _same_letters(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None

    async def _in_thread(self, work: Callable[..., Answer], *given: str | None) -> Answer:
        if self._waiting >= MOST_WAITING:
            raise TooManyPasswordsError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._waiting -= 1


def _same_letters(password: str) -> str:
    """Return the password in one form of Unicode: keyboards differ in how they compose a letter."""
    return unicodedata.normalize("NFC", password)
