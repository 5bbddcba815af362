"""Texts of problems in both languages, for screens that show both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Problem


class ProblemText(NamedTuple):
    """Meaning of a problem, and the next step."""

    detail: str
    remedy: str


def in_japanese(problem: Problem) -> ProblemText | None:
    """Return a problem's text; None for one that has only the English."""
    japanese = ProblemText(*problem.words("ja"))
    return None if japanese == problem.words("en") else japanese


def in_both(problem: Problem) -> ProblemText:
    """Return both texts in one, the Japanese first."""
    known = in_japanese(problem)
    if known is None:
        return ProblemText(problem.detail or problem.code, problem.remedy)
    return ProblemText(f"{known.detail} / {problem.detail}", f"{known.remedy} / {problem.remedy}")
