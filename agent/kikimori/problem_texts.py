"""Texts of problems in both languages: the English is in the problem, the Japanese is data, by its code."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Problem

DATA = Path(__file__).with_name("problems.ja.toml")


class ProblemText(NamedTuple):
    """Meaning of a problem, and the next step."""

    detail: str
    remedy: str


def in_japanese(problem: Problem) -> ProblemText | None:
    """Return a problem's text; None for one that has only the English."""
    return _texts().get(problem.code)


def in_both(problem: Problem) -> ProblemText:
    """Return both texts in one, the Japanese first."""
    known = in_japanese(problem)
    if known is None:
        return ProblemText(problem.detail or problem.code, problem.remedy)
    return ProblemText(f"{known.detail} / {problem.detail}", f"{known.remedy} / {problem.remedy}")


@cache
def _texts() -> dict[str, ProblemText]:
    read = tomllib.loads(DATA.read_text("utf-8"))
    return {code: ProblemText(each["detail"], each["remedy"]) for code, each in read.items()}
