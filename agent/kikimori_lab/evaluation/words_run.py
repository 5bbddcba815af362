"""Files of cases, judged, and the output of `kikimori evaluate-words` about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_lab.evaluation.answered import evaluate_answered
from kikimori_lab.evaluation.case_score import CaseScores, JudgedCase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kikimori_lab.evaluation.calm import CalmEvaluation
    from kikimori_lab.evaluation.case_judge import CaseJudge
    from kikimori_lab.evaluation.cases import Case
    from kikimori_lab.evaluation.judging_pool import JudgingPool


@dataclass(frozen=True, slots=True)
class WordsEvaluation:
    """All cases of some files."""

    files: dict[Path, int]
    """Files with their numbers of cases."""
    scores: CaseScores
    noise: dict[str, Any] | None = None
    """Result of `evaluate_noise`."""
    calm: CalmEvaluation | None = None
    answered: dict[str, Any] | None = None
    """Result of `evaluate_answered`."""

    def as_json(self) -> dict[str, Any]:
        """Return what `kikimori evaluate-words --json` prints; noise and calm where they were asked for."""
        return {
            "files": {str(path): count for path, count in self.files.items()},
            **self.scores.as_json(),
            **({"answered": self.answered} if self.answered else {}),
            **({"noise": self.noise} if self.noise else {}),
            **({"calm": self.calm.as_json()} if self.calm else {}),
        }


def found_in(judge: CaseJudge, case: Case) -> frozenset[str]:
    """Judge one case: work for a `JudgingPool`."""
    return frozenset(judge.found_in(case))


def judge_cases(pool: JudgingPool, cases: Sequence[Case], progress: Callable[[int, int], None]) -> CaseScores:
    """Judge cases; `progress` gets the number done and the total."""
    found = pool.each(found_in, cases, progress)
    return CaseScores(tuple(JudgedCase(case, names) for case, names in zip(cases, found, strict=True)))


def evaluate_words(
    pool: JudgingPool, files: dict[Path, list[Case]], progress: Callable[[int, int], None]
) -> WordsEvaluation:
    """Judge the cases of files; `progress` gets the number done and the total."""
    cases = [case for of_file in files.values() for case in of_file]
    return WordsEvaluation(
        {path: len(of_file) for path, of_file in files.items()},
        judge_cases(pool, cases, progress),
        answered=evaluate_answered(pool, cases, progress),
    )
