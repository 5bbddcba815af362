"""Cases judged again with recognition errors: the share of the clean text's findings that remains."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kikimori_lab.evaluation.case_score import JudgedCase
from kikimori_lab.evaluation.noise import KINDS, noised

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_lab.evaluation.case_judge import CaseJudge
    from kikimori_lab.evaluation.case_score import CaseScores
    from kikimori_lab.evaluation.cases import Case
    from kikimori_lab.evaluation.judging_pool import JudgingPool

DRAWS = 3
"""Times that each case gets faults of a kind, by chance at other places."""


@dataclass(slots=True)
class KindFigures:
    """Cases with faults of one kind; a case counts once for each draw that changes it."""

    found: int = 0
    """Number of harassing cases that are judged rightly in the clean text."""
    kept: int = 0
    """Number of these that are judged rightly with the faults too."""
    harmless: int = 0
    false_clean: int = 0
    """Number of harmless cases with a false alarm in the clean text."""
    false: int = 0
    """Number of harmless cases with a false alarm with the faults."""
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Clean text or name, and the text with the faults, of cases that were lost."""

    def add(self, clean: JudgedCase, faulty: JudgedCase) -> None:
        if clean.case.harmless:
            self.harmless += 1
            self.false_clean += clean.outcome == "false"
            self.false += faulty.outcome == "false"
        elif clean.right:
            self.found += 1
            self.kept += faulty.right
            if not faulty.right:
                self.lost[clean.case.shown, faulty.case.shown] += 1

    def as_json(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "kept": self.kept,
            "share": round(self.kept / self.found, 4) if self.found else None,
            "harmless": self.harmless,
            "false_clean": self.false_clean,
            "false": self.false,
            "lost": [list(pair) for pair in self.lost],
        }


def with_faults(case: Case, kind: str, seed: int) -> Case | None:
    """Return the case as a recogniser might have written it; None where it would be the same."""
    text = None if case.text is None else noised(case.text, kind, seed)
    turns = case.turns and tuple((at, role, noised(said, kind, seed)) for at, role, said in case.turns)
    if (text, turns) == (case.text, case.turns):
        return None
    return case.model_copy(update={"text": text, "turns": turns})


def judged_with_faults(judge: CaseJudge, item: tuple[Case, str, int]) -> JudgedCase | None:
    """Judge a case with faults of a kind by a seed: work for a `JudgingPool`."""
    case = with_faults(*item)
    return None if case is None else JudgedCase(case, frozenset(judge.found_in(case)))


def evaluate_noise(
    pool: JudgingPool, clean: CaseScores, seed: int, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Judge all cases with each kind of errors, and return the fields of `--noise --json`.

    Args:
        pool: Judges.
        clean: The cases without faults.
        seed: Gives the same faults again.
        progress: Told how many are done, and of how many.
    """
    # What is wrong in the clean text has nothing to lose.
    wanted = [one for one in clean.judged if one.right or one.case.harmless]
    items = [
        (one, (one.case, kind, seed + draw)) for kind in KINDS for draw in range(DRAWS) for one in wanted
    ]
    judged = pool.each(judged_with_faults, [item for _, item in items], progress)
    figures: dict[str, dict[str, KindFigures]] = defaultdict(
        lambda: {"utterances": KindFigures(), "calls": KindFigures()}
    )
    for (one, (_, kind, _)), faulty in zip(items, judged, strict=True):
        if faulty is not None:
            figures[kind]["utterances" if one.case.turns is None else "calls"].add(one, faulty)
    return {"seed": seed, "draws": DRAWS, "kinds": {kind: _as_json(figures[kind]) for kind in KINDS}}


def _as_json(by_unit: dict[str, KindFigures]) -> dict[str, Any]:
    return {unit: figures.as_json() for unit, figures in by_unit.items()}
