"""Search for the same call's dialog on the other side of the PBX, with its certainty. Pure.

What names the call on both sides decides (`identifiers`). Otherwise the INVITE goes out from the address to which the first
one came, with the same caller or called number. Where several calls may be meant, the oldest that waits is taken, and all
of them are uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.taps.sides import Endpoint

LEAST_DIGITS = 4
"""Least common digits of two numbers; with fewer they are alike by chance."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Twin of a new dialog."""

    dialog: Dialog
    doubted: tuple[Dialog, ...] = ()
    """Other candidates, with the found one among them; empty = the twin is certain."""


def twin_of(
    dialog: Dialog,
    known: Sequence[Dialog],
    *,
    first: Callable[[Dialog], Dialog],
    beyond: Callable[[Dialog], Collection[Dialog]],
) -> Twin | None:
    """Find the dialog that is the same call as a new one.

    `first` gives the dialog whose twin another one is, or that one itself; `beyond` the twins of a first one.
    """
    live = [each for each in known if not each.ended]
    named = [each for each in live if each.identifiers & dialog.identifiers and each.hosts != dialog.hosts]
    if named:
        return Twin(first(named[-1]))
    beside = [each for each in live if _across(each.hosts, dialog.hosts)]
    # Outward the PBX often shows a number of the office; who is called stays the same.
    for pool in (
        [each for each in beside if alike(each.parties[0], dialog.parties[0])],
        [each for each in beside if not each.answered and alike(each.parties[1], dialog.parties[1])],
        [each for each in beside if _both_nameless(each, dialog)],
    ):
        pool = _not_named_otherwise(pool, dialog)  # noqa: PLW2901  (narrowed)
        if pool:
            return _choose(list(dict.fromkeys(map(first, pool))), beyond)
    return None


def _choose(pool: Sequence[Dialog], beyond: Callable[[Dialog], Collection[Dialog]]) -> Twin:
    waiting = [each for each in pool if not any(twin.answered for twin in beyond(each))]
    free = [each for each in waiting if not beyond(each)]
    chosen = free[0] if free else (waiting or pool)[-1]
    doubted = waiting or pool
    return Twin(chosen, tuple(doubted) if len(doubted) > 1 else ())


def alike(one: Endpoint, other: Endpoint) -> bool:
    """Return whether both have the same number, with or without a prefix (0, +81). Letters are no number."""
    a, b = sorted((digits_of(one), digits_of(other)), key=len)
    return len(a) >= LEAST_DIGITS and b.endswith(a)


def digits_of(endpoint: Endpoint) -> str:
    number = endpoint.number.lstrip("+")
    return number.lstrip("0") if number.isascii() and number.isdecimal() else ""


def _both_nameless(known: Dialog, dialog: Dialog) -> bool:
    """Return whether the caller shows no number here, and none or a withheld one there."""
    before = known.parties[0]
    return not dialog.parties[0].number and (bool(before.withheld) or not digits_of(before))


def _not_named_otherwise(pool: Sequence[Dialog], dialog: Dialog) -> list[Dialog]:
    """Drop dialogs with another identifier of a kind that both have; keep all if none would be left."""
    kept = [each for each in pool if not _differ(each, dialog)]
    return kept or list(pool)


def _differ(one: Dialog, other: Dialog) -> bool:
    kinds = {kind for kind, _ in one.identifiers} & {kind for kind, _ in other.identifiers}
    # Each side has a Call-ID of its own as a rule.
    return bool(kinds - {"call-id"})


def _across(first: tuple[bytes, bytes], second: tuple[bytes, bytes]) -> bool:
    """Return whether the second goes out from where the first came in, or from another address of the PBX."""
    return first != second and (first[1] == second[0] or not set(first) & set(second))
