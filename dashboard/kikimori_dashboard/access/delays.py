"""Delays after wrong passwords, growing per user and per address. Pure: times are given.

An open session is never asked. A browser with a valid device cookie of the user counts as a user of its own, whatever its
address: others' guesses do not delay it, its own do.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

LONGEST_S = 30.0
FREE_OF_USER = 2
"""Wrong passwords of a user without a delay."""
FREE_OF_ADDRESS = 10
"""The same of an address, from which several people may sign in."""
FORGOTTEN_AFTER_S = 3600.0
MOST_KEPT = 10_000
"""Users and addresses kept, each; beyond them the one not tried longest is forgotten."""


@dataclass(slots=True)
class _Failures:
    count: int
    at: float


class LoginDelays:
    """Wrong passwords by user and by address; an address None makes no difference."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, _Failures] = OrderedDict()
        self._addresses: OrderedDict[str, _Failures] = OrderedDict()

    def begin_try(self, user: str, address: str | None, now: float) -> float:
        """Count a try and return 0; where it comes too early, return the seconds until the next one, and count nothing."""
        if (wait_s := self.wait_s(user, address, now)) > 0:
            return wait_s
        self.try_now(user, address, now)
        return 0.0

    def wait_s(self, user: str, address: str | None, now: float) -> float:
        """Return the seconds until the next try; 0 = now."""
        of_address = None if address is None else self._addresses.get(address)
        return max(_left(self._users.get(user), FREE_OF_USER, now), _left(of_address, FREE_OF_ADDRESS, now))

    def try_now(self, user: str, address: str | None, now: float) -> None:
        """Count a try as a wrong one, of an unknown user too: of many at once none is to slip through uncounted."""
        _count(self._users, user, now)
        if address is not None:
            _count(self._addresses, address, now)

    def succeeded(self, user: str, address: str | None) -> None:
        """Take back the try, and a user's wrong ones; the address keeps its other ones: others may try there."""
        self._users.pop(user, None)
        known = None if address is None else self._addresses.get(address)
        if known is not None:
            known.count -= 1


def _left(failures: _Failures | None, free: int, now: float) -> float:
    if failures is None or failures.count <= free:
        return 0.0
    delay = min(LONGEST_S, 2.0 ** min(failures.count - free - 1, 10))
    return max(0.0, failures.at + delay - now)


def _count(kept: OrderedDict[str, _Failures], name: str, now: float) -> None:
    known = kept.pop(name, None)
    if known is None or now - known.at > FORGOTTEN_AFTER_S:
        known = _Failures(0, now)
    kept[name] = _Failures(known.count + 1, now)
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)
