"""Recorded call as an object of rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.access.roles import AccessTarget

if TYPE_CHECKING:
    from typing import Any, Protocol

    from kikimori_dashboard.access.extension_teams import ExtensionTeams

    class Placed(Protocol):
        """Anything that says where a recorded call was."""

        @property
        def operator_number(self) -> str | None: ...
        @property
        def team(self) -> str | None: ...
        @property
        def person_id(self) -> str | None: ...


def target_of(call: Placed, teams: ExtensionTeams) -> AccessTarget:
    """Return the target; its team is that of who sat there, where nobody is known that of the extension today."""
    is_known = call.person_id is not None or call.team is not None
    team = call.team if is_known else teams.target(call.operator_number).team
    return AccessTarget(call.operator_number, team, call.person_id)


def whose(call: Placed) -> dict[str, Any]:
    """Return the details of an entry of the audit by which the operator of a call finds it in their own record."""
    named = {"extension": call.operator_number, "operator_id": call.person_id}
    return {name: value for name, value in named.items() if value is not None}
