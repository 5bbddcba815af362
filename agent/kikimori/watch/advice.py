"""Remedies for a refused connection, by the reason that the tap gives and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kikimori.integrations.integration import Integration

_ADVICE = {
    "peer_not_allowed": "add the PBX's network to [{tap}] allow in kikimori.toml",
    "too_many_connections": "raise [{tap}] {most}, or close what keeps connections open",
    "silent_made_room": "close what opens connections to [{tap}] and says nothing; calls get in all the same",
    "closing": "it came while this program was ending: try again",
}
"""Reasons that every way in may give."""


def advice(integration: Integration[Any], reason: str) -> str:
    """Return the next step for a person; for a reason without one, the place of more information."""
    known = integration.advice.get(reason) or _ADVICE.get(reason)
    if known is None:
        return (
            f"the log of this program names the peer and the reason; see config/pbx/ for {integration.name}"
        )
    return known.format(tap=integration.name, most=integration.most_key)
