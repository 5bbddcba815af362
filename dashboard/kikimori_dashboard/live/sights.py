"""Choice of what a browser gets, from who has its session."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kikimori_dashboard.access.roles import Right, Scope, may, widest
from kikimori_dashboard.live.looks.audience import SightAudience, SiteAudience
from kikimori_dashboard.live.looks.feed import LookFeed
from kikimori_dashboard.live.looks.views import DRAWN_PARTS, DrawnViews
from kikimori_dashboard.picture.operator_views import PARTS, OperatorViews
from kikimori_dashboard.picture.sight import Sight
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kikimori_dashboard.access.extension_teams import ExtensionTeams
    from kikimori_dashboard.access.roles import AccessTarget
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.picture.sight import Encoders
    from kikimori_dashboard.picture.views import Views
    from kikimori_dashboard.site.state import SiteState

KEPT_ANSWERS = 4096
"""Extensions for which a page's answer is kept."""


class Sights:
    """Makes the view of each browser."""

    def __init__(self, state: SiteState, views: Views, teams: ExtensionTeams) -> None:
        self._state = state
        self._views = views
        self._of_operator = OperatorViews(state, views)
        self._drawn = DrawnViews(state, views)
        self._teams = teams
        self.reviewed_by: Callable[[str], str] = lambda _person_id: "[]"
        """Returns the alerts that a person has gone through, as a JSON array."""

    def of(self, who: Principal, *, supervises: bool) -> Sight | None:
        """Return the view of a page; None = of the whole site."""
        if supervises:
            if widest(who, Right.WATCH) is Scope.ALL:
                return None
            return self._sight(self._views, self.sees(who, Right.WATCH), PicturePart)
        return self._sight(self._of_operator, self.sees(who, Right.OWN_PAGE), PARTS)

    def feed(self, who: Principal) -> LookFeed:
        """Return the messages for a supervisor's page that says what it draws."""
        person_id = who.person_id
        reviewed = None if person_id is None else lambda: self.reviewed_by(person_id)
        if widest(who, Right.WATCH) is Scope.ALL:
            return LookFeed(self._state, SiteAudience(self._drawn), reviewed)
        sight = self._sight(self._drawn, self.sees(who, Right.WATCH), DRAWN_PARTS)
        return LookFeed(
            self._state, SightAudience(self._drawn, sight, lambda: self.outdated(sight)), reviewed
        )

    def target(self, extension: str | None) -> AccessTarget:
        """Return the calls of an extension as an object of rights."""
        return self._teams.target(extension)

    def target_of_call(self, call_id: str) -> AccessTarget:
        """Return a call by its operator's extension as an object of rights; one that is not known is of no team."""
        entry = self._state.calls.get(call_id)
        return self.target(None if entry is None else entry.state.operator.number)

    def outdated(self, sight: Sight) -> bool:
        """Return whether the teams have changed since a view's last snapshot; it then needs another one."""
        if sight.teams_version == self._teams.version:
            return False
        sight.teams_version = self._teams.version
        return True

    def _sight(
        self, encoders: Encoders, sees: Callable[[str | None], bool], parts: Iterable[PicturePart]
    ) -> Sight:
        sight = Sight(self._state, encoders, sees, parts)
        sight.teams_version = self._teams.version
        return sight

    def sees(self, who: Principal, right: Right) -> Callable[[str | None], bool]:
        """Return the function that tells whether somebody has a right on the calls of an extension.

        It keeps its answers until the teams change: a page asks for each of up to thousands of closed alerts.
        """

        @lru_cache(KEPT_ANSWERS)
        def answer(_version: int, extension: str | None) -> bool:
            return may(who, right, self._teams.target(extension))

        return lambda extension: answer(self._teams.version, extension)
