"""Remedies for a refused connection, by the reason that the tap gives and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori.integrations.integration import Integration
    from kikimori_core.messages import CodedText

_ADVICE = {
    "peer_not_allowed": "advice_peer",
    "too_many_connections": "advice_connections",
    "silent_made_room": "advice_silent",
    "closing": "advice_closing",
}
"""Codes of texts, by reasons that every way in may give."""


def advice(integration: Integration[Any], reason: str) -> CodedText:
    """Return the next step for a person; for a reason without one, the place of more information."""
    code = integration.advice.get(reason) or _ADVICE.get(reason, "advice_log")
    return text(code, tap=integration.name, most=integration.most_key)
