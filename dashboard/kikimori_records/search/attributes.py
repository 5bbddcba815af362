"""Attributes of a call as terms of the index, and of what is asked for."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from kikimori_records.keeping.numbers import plain
from kikimori_records.search.normal import normal
from kikimori_records.search.terms import Tag, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LENGTHS_S = (60, 180, 300, 600, 1200, 1800, 3600)
"""Bounds between the lengths of calls that can be looked for."""
END = 4
"""Digits of the end of a caller's number that are looked for alone."""
NO_TEAM = ""


def tags_of_call(call: Mapping[str, Any], kinds: Iterable[str]) -> set[str]:
    """Return the attributes of a row of `recorded_calls` whose alerts are of these kinds."""
    found = {tag(Tag.TEAM, call.get("team") or NO_TEAM), length_tag(call["heard_s"])}
    found |= {tag(Tag.KIND, each) for each in kinds}
    for kind, name in ((Tag.PERSON, "person_id"), (Tag.EXTENSION, "operator_number")):
        if value := call.get(name):
            found.add(tag(kind, value))
    found |= _names(Tag.OPERATOR_NAME, call.get("operator_name"))
    found |= _names(Tag.CALLER_NAME, call.get("caller_name"))
    if number := plain(call.get("caller_number") or ""):
        if number.isalnum():
            found.add(tag(Tag.CALLER_NUMBER, number))
        if number[-END:].isdigit() and len(number) >= END:
            found.add(tag(Tag.CALLER_END, number[-END:]))
    return found


def caller_tags(asked: str) -> set[str]:
    """Return the attributes of which a call has one whose caller is asked for: number, its last four digits, or name."""
    found = {tag(Tag.CALLER_NAME, normal(asked))}
    if number := plain(asked):
        found.add(tag(Tag.CALLER_NUMBER, number))
        if len(number) == END and number.isdigit():
            found.add(tag(Tag.CALLER_END, number))
    return found


def operator_tags(asked: str, person_ids: Iterable[str]) -> set[str]:
    """Return the attributes of which a call has one whose operator is asked for: extension, name, or one of these people."""
    named = {tag(Tag.EXTENSION, asked.strip()), tag(Tag.OPERATOR_NAME, normal(asked))}
    return named | {tag(Tag.PERSON, each) for each in person_ids}


def length_tag(seconds: float) -> str:
    return tag(Tag.LENGTH, str(bisect_right(LENGTHS_S, seconds)))


def length_tags(at_least_s: int, below_s: int | None) -> set[str]:
    """Return the attributes of which a call of such a length has one; both are of `LENGTHS_S`, or 0 and None."""
    first = bisect_right(LENGTHS_S, at_least_s)
    last = len(LENGTHS_S) if below_s is None else bisect_right(LENGTHS_S, below_s) - 1
    return {tag(Tag.LENGTH, str(each)) for each in range(first, last + 1)}


def _names(kind: Tag, name: str | None) -> set[str]:
    """Return a name as a whole, and its parts: somebody looks for a family name."""
    return {tag(kind, said) for said in map(normal, _parts(name or "")) if said}


def _parts(name: str) -> Iterator[str]:
    yield name
    yield from name.split()
