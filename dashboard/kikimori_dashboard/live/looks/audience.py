"""Part of the picture that a supervisor's page may see, of what does not depend on what it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.live.looks.views import DrawnViews
    from kikimori_dashboard.picture.sight import Sight


class SiteAudience:
    """The whole site; all such pages share the text."""

    alerts: set[str] | None = None
    """Alerts that the page got; None = all there are."""

    def __init__(self, views: DrawnViews) -> None:
        self._views = views

    def outdated(self) -> bool:
        """Return whether a snapshot is needed, though the versions follow each other."""
        return False

    def shows(self, call_id: str) -> bool:
        """Return whether the browser has a call."""
        return call_id in self._views.state.calls

    def all_fields(self) -> list[str]:
        """Return the members of a snapshot."""
        return self._views.all_fields()

    def fields_since(self, version: int) -> list[str] | None:
        """Return the members of a change; None when only a snapshot can tell."""
        return self._views.fields_since(version)


class SightAudience:
    """The part of the site that a `Sight` allows; calls and alerts are encoded once for all of these pages."""

    def __init__(self, views: DrawnViews, sight: Sight, outdated: Callable[[], bool]) -> None:
        self._views = views
        self._sight = sight
        self.outdated = outdated

    @property
    def alerts(self) -> set[str] | None:
        """Return the alerts that the page got."""
        return self._sight.alerts

    def shows(self, call_id: str) -> bool:
        """Return whether the browser has a call."""
        return self._sight.shows(call_id)

    def all_fields(self) -> list[str]:
        """Return the members of a snapshot; it counts as shown."""
        return self._sight.all_fields()

    def fields_since(self, version: int) -> list[str] | None:
        """Return the members of a change, which counts as shown; None when only a snapshot can tell."""
        keys = self._views.keys_since(version)
        return None if keys is None else self._sight.fields(keys)
