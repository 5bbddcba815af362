"""Demands that were made again and again (ご説明済み): how often the count and the answers were right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_lab.evaluation.proportion import share_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori_lab.evaluation.case_judge import CaseJudge
    from kikimori_lab.evaluation.cases import AnsweredDemand, Case
    from kikimori_lab.evaluation.judging_pool import JudgingPool


@dataclass(frozen=True, slots=True)
class AnsweredCase:
    """A dialogue, and what was found in it."""

    case: Case
    found: tuple[AnsweredDemand, ...]

    @property
    def counted(self) -> bool:
        """Return whether each demand was counted as often as it was made, and no other."""
        return [each.times for each in self.found] == [each.times for each in self._wanted]

    @property
    def answered(self) -> bool:
        """Return whether the refusals are right as well."""
        return self.counted and [each.refused for each in self.found] == [
            each.refused for each in self._wanted
        ]

    @property
    def _wanted(self) -> list[AnsweredDemand]:
        return sorted(self.case.answered or (), key=lambda each: each.times)

    def as_json(self) -> dict[str, Any]:
        """Return what was wanted and found, for lists."""
        return {
            "name": self.case.shown,
            "wanted": [each.model_dump() for each in self._wanted],
            "found": [each.model_dump() for each in self.found],
        }


def answered_in(judge: CaseJudge, case: Case) -> tuple[AnsweredDemand, ...]:
    """Judge one dialogue: work for a `JudgingPool`."""
    return judge.answered_in(case)


def evaluate_answered(
    pool: JudgingPool, cases: Sequence[Case], progress: Callable[[int, int], None]
) -> dict[str, Any] | None:
    """Judge the dialogues whose `answered` is written; None where there is none."""
    judged = [case for case in cases if case.turns is not None and case.answered is not None]
    if not judged:
        return None
    found = pool.each(answered_in, judged, progress)
    scores = [AnsweredCase(case, each) for case, each in zip(judged, found, strict=True)]
    counted, answered = sum(each.counted for each in scores), sum(each.answered for each in scores)
    return {
        "n": len(scores),
        "counted": counted,
        **share_fields("counted_share", counted, len(scores)),
        "answered": answered,
        **share_fields("answered_share", answered, len(scores)),
        "wrong": [each.as_json() for each in scores if not each.answered],
    }
