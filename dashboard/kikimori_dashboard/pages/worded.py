"""Texts of agents in each language of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_core.messages import Language, in_language

if TYPE_CHECKING:
    from kikimori_core.wire.messages import CommandResult, Problem

LANGUAGES: tuple[Language, ...] = ("ja", "en")


def worded_problem(problem: Problem) -> dict[str, Any]:
    """Return a problem for browsers; `detail` and `remedy` are English, for a page that was opened before an update."""
    words = {each: dict(zip(("detail", "remedy"), problem.words(each), strict=True)) for each in LANGUAGES}
    plain = problem.model_dump(mode="json", include={"code", "detail", "remedy", "cause", "severity"})
    return {**plain, "words": words}


def worded_result(result: CommandResult | None) -> dict[str, Any] | None:
    """Return what came of a press; `words`: its detail by language."""
    if result is None:
        return None
    words = {each: in_language(result.detail, each) for each in LANGUAGES} if result.detail else {}
    return {**result.model_dump(mode="json", exclude={"v"}), "words": words}
