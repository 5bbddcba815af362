"""Signs by which a demand is one that was made before in the same call, in whatever words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kikimori_core.judging.words.demands import Demand

APART = "apart for certain"
"""Sign of a demand that is not one made before, whatever else holds."""
LATE_S = 60.0
"""Seconds after which a demand is late."""


@dataclass(frozen=True, slots=True)
class MadeBefore:
    """State of a demand that was made before, as it stands when another is made."""

    refused: bool
    half_refused: bool
    """True = for want of room alone."""
    spoken_since: bool
    """True = the operator said anything after it."""
    words_of_refusals: frozenset[str]
    """Chinese characters of its refusals."""
    since_s: float
    """Seconds since it was last made."""
    between: int
    """Demands that were made since."""
    elsewhere: bool
    """True = it is of a category that a rule counts: a superior."""
    like_demands: frozenset[str] = frozenset()
    """Known demands that may be of that category."""


def signs(demand: Demand, before: Sequence[Demand], standing: MadeBefore) -> frozenset[str]:
    """Return the names of the signs that hold of a demand and those that were made before and are one."""
    found = {name for name, holds in _of_words(demand, before) if holds}
    found |= {name for name, holds in _of_state(demand, before, standing) if holds}
    if _is_apart(demand, found):
        found.add(APART)
    if "refused" in found:
        found |= {f"refused {name}" for name in found & _WITH_REFUSAL}
    return frozenset(found)


_POINTING = frozenset({"goes on", "insists", "again"})
"""Signs that point to what was demanded before."""
_NAMING = frozenset({"shared word", "word of its refusal"}) | _POINTING
_UNREFUSED = frozenset({"like", "shared core"}) | _POINTING
"""Signs of which one must hold where nothing was refused."""
_WITH_REFUSAL = frozenset(
    {"about another", "about nothing", "known and another", "known by one", "anew", "polite", "shared character", "brief"}
)  # fmt: skip
"""Signs that weigh otherwise after a refusal."""


def _is_apart(demand: Demand, found: set[str]) -> bool:
    """Return whether it is none made before, whatever else holds: 次は教えて may be the next thing, 似顔絵を描け is another."""
    if "names its own" in found and not found & _NAMING:
        return True
    if found & {"refused", "half refused"}:
        return False
    if not demand.listed:
        # What the model alone takes for a demand goes on with what was refused: in calm talk it is most often none.
        return True
    return not found & (_POINTING if demand.refers else _UNREFUSED)


def _of_words(demand: Demand, before: Sequence[Demand]) -> Iterator[tuple[str, bool]]:
    firm = _all(each.firm for each in before)
    groups = _all(each.groups for each in before)
    about = _all(each.about for each in before)
    units = len(_all(each.units for each in before) & demand.units)
    yield "like", any(each.is_like(demand) for each in before)
    yield "same known", bool(groups & demand.groups)
    yield "same firm", bool(firm & demand.firm)
    yield "known and another", bool(firm) and bool(demand.firm) and firm.isdisjoint(demand.firm)
    yield "near", bool(groups & demand.near)
    yield "known by one", bool(firm) != bool(demand.firm)
    yield "unknown", not firm and not demand.firm
    yield "apart", (demand.apart or any(each.apart for each in before)) and groups.isdisjoint(demand.groups)
    yield "about the same", bool(about & demand.about)
    yield "about another", bool(about) and bool(demand.about) and about.isdisjoint(demand.about)
    yield "about nothing", not demand.about
    yield "shared core", bool(_all(each.core for each in before) & demand.core)
    yield "shared word", bool(_all(each.content for each in before) & demand.content)
    yield "shared character", units > 0
    yield "shared characters", units > 1
    yield "no character", not demand.units
    yield "names its own", bool(firm) and not demand.firm and bool(demand.about) and not units
    yield "same verb", demand.verb != "" and any(each.verb == demand.verb for each in before)


def _of_state(demand: Demand, before: Sequence[Demand], standing: MadeBefore) -> Iterator[tuple[str, bool]]:
    refused = standing.refused or standing.half_refused
    yield "refused", standing.refused
    yield "half refused", standing.half_refused and not standing.refused
    yield "unanswered", not refused and not standing.spoken_since
    yield "word of its refusal", bool(demand.units & standing.words_of_refusals)
    yield "elsewhere", standing.elsewhere
    like = bool(demand.groups & standing.like_demands)
    yield "may be elsewhere", standing.elsewhere and like
    yield "elsewhere and known", standing.elsewhere and bool(demand.firm) and not like
    yield "late", standing.since_s > LATE_S
    yield "one between", standing.between > 0
    yield "more between", standing.between > 1
    yield "made twice", len(before) > 1
    yield "made thrice", len(before) > 2
    yield "anew", demand.anew
    yield "goes on", demand.goes_on
    yield "insists", demand.insists
    yield "again", demand.again
    yield "refers", demand.refers
    yield "brief", demand.brief
    yield "polite", demand.polite and not demand.insists
    yield "polite as before", demand.polite and not demand.insists and bool(before) and before[-1].polite
    yield "polite after half a refusal", demand.polite and not standing.refused and standing.half_refused
    yield "informs", demand.informs
    yield "informs otherwise", demand.informs != any(each.informs for each in before)


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)
