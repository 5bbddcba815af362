"""Checks of `[sides]`: do these patterns tell customers from operators, or leave every call unheard?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import Diagnosis, State
from kikimori.taps.sides import INTERNAL, NOT_SELECTED, OUTSIDE, Endpoint, Unheard, sort_out

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

_SHUT_OUT: dict[Unheard, tuple[str, str]] = {
    INTERNAL: (
        "every call would be an internal one, so none would be heard",
        "an operator pattern catches everything: make it narrower, or name the trunks in customer_endpoints",
    ),
    OUTSIDE: (
        "every call would have two customers, so none would be heard",
        "a customer pattern catches everything: make it narrower, or name the telephones in operator_endpoints",
    ),
}


def look_at_sides(table: SidesTable, *, needed: bool) -> list[Diagnosis]:
    """Check the patterns. `needed`: a way in is on that knows two parties but not their sides."""
    faults = _shut_out(table) + _odd_patterns(table)
    if faults:
        return faults
    known = sum(len(getattr(table, name)) for name in LISTS[:4])
    if known == 0 and needed:
        return [
            Diagnosis(
                "sides",
                State.WARNING,
                "no pattern says who is the customer: whoever called is taken for one",
                "right where operators never call out; otherwise name the trunks in [sides] customer_endpoints, "
                'e.g. ["PJSIP/trunk*"]',
            )
        ]
    selected = [f"{name} {', '.join(getattr(table, name))}" for name in LISTS[4:] if getattr(table, name)]
    told = f"{known} patterns tell who is who" if known else "the PBX says who is who"
    return [Diagnosis("sides", State.OK, "; ".join([told, *selected]))]


def _shut_out(table: SidesTable) -> list[Diagnosis]:
    everything = table.model_copy(update=dict.fromkeys(LISTS[4:], ()))
    verdict = sort_out(everything, *_ANYBODY)
    if isinstance(verdict, Unheard) and not _means_everybody_else(everything, verdict):
        detail, next_step = _SHUT_OUT[verdict]
        return [Diagnosis("sides", State.FAULT, detail, next_step)]
    only_never = everything.model_copy(update={"never_operators": table.never_operators})
    if sort_out(only_never, *_ANYBODY) is NOT_SELECTED:
        return [
            Diagnosis(
                "sides",
                State.FAULT,
                "never_operators catches every extension, so no call would be heard",
                "list only those that must not be heard",
            )
        ]
    both = sorted(set(table.only_operators) & set(table.never_operators))
    if both:
        return [
            Diagnosis(
                "sides",
                State.FAULT,
                f"{', '.join(both)} stands in only_operators and in never_operators: never wins",
                "take it out of one of them",
            )
        ]
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
                detail = f'{name}: "{pattern}" will catch nothing: {why[0]}'
                found.append(Diagnosis("sides", State.WARNING, detail, why[1]))
    return found


def _why_odd(pattern: str) -> tuple[str, str] | None:
    if pattern != pattern.strip():
        return "it begins or ends with a space", f'write "{pattern.strip()}"'
    if _REGULAR_EXPRESSION.search(pattern):
        return (
            "it looks like a regular expression",
            "patterns are a shell's: * any text, ? one letter, [0-9] one of these",
        )
    if _ASTERISK_PATTERN.search(pattern):
        fixed = re.sub("[XZN]", "?", pattern.lstrip("_")).replace(".", "*").replace("!", "*")
        return "it looks like an Asterisk pattern", f'patterns are a shell\'s: write "{fixed}"'
    if pattern.count("[") != pattern.count("]"):
        return "a bracket is not closed", "[0-9] stands for one of these; a bracket itself is [[]"
    numbered = _RUNNING_NUMBER.match(pattern)
    if numbered:
        return "names of channels come without their running number", f'write "{numbered[1]}"'
    return None
