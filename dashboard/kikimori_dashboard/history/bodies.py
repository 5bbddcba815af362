"""Questions to the history as a page sends them: in the body, as a caller's number has no place in an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kikimori_dashboard.access.asked import BadQuestionError, asked_time
from kikimori_dashboard.access.roles import Right, Scope, widest
from kikimori_records.columns import storable
from kikimori_records.search.attributes import LENGTHS_S
from kikimori_records.search.question import FoundGroup, HistoryQuestion, words_asked

if TYPE_CHECKING:
    from typing import Any

    from kikimori_dashboard.access.extension_teams import ExtensionTeams
    from kikimori_dashboard.access.who import Principal

MOST_TEXT = 200
Asked = Annotated[str, Field(max_length=MOST_TEXT)]


class HistoryBody(BaseModel):
    """Body of `POST /api/history/count`: conditions that a call meets; what is empty is none."""

    model_config = ConfigDict(extra="forbid")

    since: Asked = ""
    """ISO date or time; without a zone it is the office's."""
    until: Asked = ""
    """Likewise; of a date the whole day is meant."""
    operator: Asked = ""
    """Extension, name or part of a name."""
    caller: Asked = ""
    """Number in any spelling, its last four digits, or name."""
    words: Asked = ""
    """Words of which each was said in the call, spaces between."""
    kind: Asked = ""
    outcome: Asked = ""
    at_least_s: int = 0
    """Length of the call in s: 0, 60, 180, 300, 600, 1200, 1800 or 3600."""
    below_s: int | None = None
    """Likewise; null = no bound."""
    reviewed: Literal["yes", "no"] | None = None
    """`yes`: those that the asker has marked as gone through; `no`: the others."""
    group: Literal["exact", "alike"] = "exact"
    """`alike`: calls in which at least one of the words only sounds so."""

    def question(self, who: Principal, zone: str, teams: ExtensionTeams) -> HistoryQuestion:
        """Return the question of somebody, of the calls that they may read; raises BadQuestionError."""
        if self.at_least_s not in (0, *LENGTHS_S) or self.below_s not in (None, *LENGTHS_S):
            raise BadQuestionError
        me = who.person_id or ""
        everywhere = widest(who, Right.TRANSCRIPT) is Scope.ALL
        return HistoryQuestion(
            since=asked_time(self.since, zone),
            until=asked_time(self.until, zone, end=True),
            operator=storable(self.operator.strip()),
            caller=storable(self.caller.strip()),
            words=words_asked(self.words),
            kind=storable(self.kind),
            outcome=storable(self.outcome),
            at_least_s=self.at_least_s,
            below_s=self.below_s,
            reviewed_by=me if self.reviewed == "yes" else "",
            not_reviewed_by=me if self.reviewed == "no" else "",
            teams=None if everywhere else who.teams,
            hidden_extensions=frozenset() if everywhere else teams.others_than(who.teams),
        )

    @property
    def found_group(self) -> FoundGroup:
        return FoundGroup(self.group)

    def conditions(self) -> str:
        """Return the conditions, by which one question is known from another; with the caller, so never to be kept."""
        return repr(self.model_dump(exclude_defaults=True, exclude={"group", "before", "language"}))

    def noted(self) -> dict[str, Any]:
        """Return the conditions for the audit. That a caller was asked for stands there, not who: callers are erased."""
        said = self.model_dump(exclude_defaults=True, exclude={"group", "before", "caller", "language"})
        return {**said, **({"caller": True} if self.caller else {})}


class FindBody(HistoryBody):
    """Body of `POST /api/history/find`."""

    before: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """`before` of the page before; null = the first page."""


class ExportBody(HistoryBody):
    """Body of `POST /api/history/export`."""

    language: Literal["ja", "en"] = "ja"
