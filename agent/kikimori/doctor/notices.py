"""Warning about everything that leaves the house by `[notify]`: nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.messages import both

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings


def look_at_notices(dashboard: DashboardSettings) -> list[Diagnosis]:
    """Return a warning with the targets, where there are any."""
    targets = dashboard.notify.targets()
    if not targets:
        return []
    return [Diagnosis("[notify]", CheckState.WARNING, *both("notify_leaves", targets=", ".join(targets)))]
