"""Checks of `[sides]`: do these patterns tell customers from operators, or leave every call unheard?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.taps.sides import INTERNAL, NOT_SELECTED, OUTSIDE, Endpoint, Unheard, sort_out
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    from kikimori.taps.sides import SidesTable

LISTS = (
    "customer_endpoints", "operator_endpoints", "customer_numbers", "operator_numbers",
    "only_operators", "never_operators", "only_queues",
)  # fmt: skip

_REGULAR_EXPRESSION = re.compile(r"^\^|\$$|\.\*|\\[dw.]|\(|\|")
_ASTERISK_PATTERN = re.compile(r"^_|^[0-9]*[XZN]+[0-9XZN.!]*$")
_RUNNING_NUMBER = re.compile(r"^((?:PJSIP|SIP|IAX2|DAHDI)/.+)-(?:[0-9a-f]{8}|0000\*|\?{8})$")

# Names and numbers that no office's patterns name by chance: only what catches everything catches them.
_ANYBODY = (
    Endpoint("Qq/anybody-00000001", "0000000001"),
    Endpoint("Qq/anybody-00000002", "0000000002"),
)

_SHUT_OUT = {INTERNAL: "sides_internal", OUTSIDE: "sides_outside"}
"""Code of the text for each verdict."""


def look_at_sides(table: SidesTable, *, needed: bool) -> list[Diagnosis]:
    """Check the patterns. `needed`: a way in is on that knows two parties but not their sides."""
    faults = _shut_out(table) + _odd_patterns(table)
    if faults:
        return faults
    known = sum(len(getattr(table, name)) for name in LISTS[:4])
    if known == 0 and needed:
        return [Diagnosis("sides", CheckState.WARNING, *both("sides_unknown"))]
    selected = [f"{name} {', '.join(getattr(table, name))}" for name in LISTS[4:] if getattr(table, name)]
    told = text("sides_by_patterns", known=known) if known else text("sides_by_pbx")
    if selected:
        told = text("sides_and_selected", told=told, selected="; ".join(selected))
    return [Diagnosis("sides", CheckState.OK, told)]


def _shut_out(table: SidesTable) -> list[Diagnosis]:
    everything = table.model_copy(update=dict.fromkeys(LISTS[4:], ()))
    verdict = sort_out(everything, *_ANYBODY)
    if isinstance(verdict, Unheard) and not _means_everybody_else(everything, verdict):
        return [Diagnosis("sides", CheckState.FAULT, *both(_SHUT_OUT[verdict]))]
    only_never = everything.model_copy(update={"never_operators": table.never_operators})
    if sort_out(only_never, *_ANYBODY) is NOT_SELECTED:
        return [Diagnosis("sides", CheckState.FAULT, *both("sides_never_everybody"))]
    twice = sorted(set(table.only_operators) & set(table.never_operators))
    if twice:
        return [Diagnosis("sides", CheckState.FAULT, *both("sides_contradiction", both=", ".join(twice)))]
    return []


def _means_everybody_else(table: SidesTable, verdict: Unheard) -> bool:
    """Return whether a catch-all pattern comes after narrower ones of the other side, as `sort_out` asks."""
    if verdict is INTERNAL:
        return bool(table.customer_endpoints)
    by_number = sort_out(table.model_copy(update={"customer_endpoints": ()}), *_ANYBODY) is OUTSIDE
    return by_number and bool(table.operator_endpoints or table.operator_numbers)


def _odd_patterns(table: SidesTable) -> list[Diagnosis]:
    found = []
    for name in LISTS:
        for pattern in getattr(table, name):
            why = _why_odd(pattern)
            if why:
                code, fixed = why
                texts = both(code, name=name, pattern=pattern, fixed=fixed)
                found.append(Diagnosis("sides", CheckState.WARNING, *texts))
    return found


def _why_odd(pattern: str) -> tuple[str, str] | None:
    """Return the code of what is odd, and the pattern that was meant, where there is one."""
    if pattern != pattern.strip():
        return "pattern_space", pattern.strip()
    if _REGULAR_EXPRESSION.search(pattern):
        return "pattern_regular_expression", ""
    if _ASTERISK_PATTERN.search(pattern):
        fixed = re.sub("[XZN]", "?", pattern.lstrip("_")).replace(".", "*").replace("!", "*")
        return "pattern_asterisk", fixed
    if pattern.count("[") != pattern.count("]"):
        return "pattern_bracket", ""
    numbered = _RUNNING_NUMBER.match(pattern)
    if numbered:
        return "pattern_running_number", numbered[1]
    return None
