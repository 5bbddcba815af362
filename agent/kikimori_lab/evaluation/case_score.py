"""Found against expected, per type and in all, for utterances and for calls. Pure: nothing is judged here."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kikimori_lab.evaluation.cases import ANY, HARMLESS_BEGINS, HARMLESS_ENDS, harmless_type
from kikimori_lab.evaluation.proportion import share_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_lab.evaluation.cases import Case

Outcome = Literal["right", "missed", "wrong", "false", "quiet"]
"""`wrong`: an alarm, but of another category; `quiet`: harmless, and nothing was raised."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """Case and its findings."""

    case: Case
    found: frozenset[str]

    @property
    def right(self) -> bool:
        """Return whether the findings are right."""
        case, wanted = self.case, set(self.case.expected)
        if case.turns is not None:
            return wanted <= self.found and not (set(case.forbidden) & self.found)
        if not wanted:
            return not self.found
        return bool(self.found) if case.expected == (ANY,) else bool(self.found & wanted)

    @property
    def outcome(self) -> Outcome:
        case = self.case
        if case.harmless:
            # In a dialogue some alarms are in order (a long call): only what is forbidden is false.
            allowed = not case.type.startswith(HARMLESS_BEGINS) and (
                case.type.endswith(HARMLESS_ENDS) or case.forbidden
            )
            return "quiet" if (self.right if allowed else not self.found) else "false"
        if self.right:
            return "right"
        # In a call other rules may be raised too; only a forbidden one is wrong.
        bad_ones = self.found if case.turns is None else self.found & set(case.forbidden)
        return "wrong" if bad_ones else "missed"


@dataclass(slots=True)
class TypeScore:
    """One type over all files."""

    n: int = 0
    right: int = 0
    any: int = 0
    """Number of cases with any alarm."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def add(self, one: JudgedCase) -> None:
        self.n += 1
        self.right += one.right
        self.any += bool(one.found)
        self.outcomes[one.outcome] += 1

    def as_json(self) -> dict[str, Any]:
        return {"n": self.n, "right": self.right, "any": self.any, **_ratios(self.outcomes)}


@dataclass(frozen=True, slots=True)
class CaseScores:
    """Figures over all cases."""

    judged: tuple[JudgedCase, ...]

    @property
    def types(self) -> dict[str, TypeScore]:
        """Return the scores of types, by name."""
        found: dict[str, TypeScore] = defaultdict(TypeScore)
        for one in self.judged:
            found[one.case.type].add(one)
        return dict(sorted(found.items()))

    def as_json(self) -> dict[str, Any]:
        types = self.types
        return {
            "types": {name: score.as_json() for name, score in types.items()},
            **_by_name(types),
            "utterances": _whole(one for one in self.judged if one.case.turns is None),
            "calls": _whole(one for one in self.judged if one.case.turns is not None),
            "sources": dict(Counter(one.case.source or "?" for one in self.judged).most_common()),
            "wrong": [
                [one.case.type, one.case.shown, sorted(one.found), list(one.case.expected)]
                for one in self.judged
                if not one.right
            ],
        }


def _by_name(types: dict[str, TypeScore]) -> dict[str, Any]:
    """Return the two totals of types: harmless are those whose name says so."""
    harassing = {"n": 0, "right": 0, "any": 0}
    harmless = {"n": 0, "false": 0}
    for name, score in types.items():
        if not harmless_type(name):
            for key in harassing:
                harassing[key] += getattr(score, key)
            continue
        harmless["n"] += score.n
        harmless["false"] += score.any if name.startswith(HARMLESS_BEGINS) else score.n - score.right
    return {"harassing": harassing, "harmless": harmless}


def _whole(judged: Iterable[JudgedCase]) -> dict[str, Any]:
    outcomes = Counter(one.outcome for one in judged)
    harassing = outcomes["right"] + outcomes["missed"] + outcomes["wrong"]
    return {
        "n": outcomes.total(),
        "harassing": harassing,
        "harmless": outcomes["false"] + outcomes["quiet"],
        **{name: outcomes[name] for name in ("right", "missed", "wrong", "false", "quiet")},
        **_ratios(outcomes),
    }


def _ratios(outcomes: Counter[Outcome]) -> dict[str, Any]:
    """Return precision (of what alarmed), recall (of what should) and accuracy (of all), with intervals."""
    right, quiet = outcomes["right"], outcomes["quiet"]
    harassing = right + outcomes["missed"] + outcomes["wrong"]
    # Where nothing should alarm, there is no precision to speak of.
    raised = right + outcomes["wrong"] + outcomes["false"] if harassing else 0
    return {
        **share_fields("precision", right, raised),
        **share_fields("recall", right, harassing),
        **share_fields("accuracy", right + quiet, outcomes.total()),
    }
