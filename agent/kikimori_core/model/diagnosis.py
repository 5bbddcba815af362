"""Results of checks of an installation, as the doctor and the controls of PBXs give them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """Verdict on one thing that was checked."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Result of one check."""

    check: str
    """Name of the check; of a control's it is the code of the problem in the agent's health."""
    state: CheckState
    detail: str
    next_step: str = ""
    """Both are texts with codes wherever this program wrote them, see `kikimori_core.messages`."""
