"""Checks of the telephones that commands may ring: the superior's and the supervisors' among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.control.targets import PLAIN
from kikimori_core.messages import both
from kikimori_core.wire.messages import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.config import AgentConfig


def look_at_targets(config: AgentConfig) -> Iterator[Diagnosis]:
    """Yield a diagnosis of each target that a press could not ring; `check` is the key as people write it."""
    superior = config.pbx.superior
    if not PLAIN.fullmatch(superior):
        yield Diagnosis(
            "[pbx] superior", CheckState.WARNING, *both("superior_never_dialled", superior=superior)
        )
    elif config.targets().refusal(Action.HOLD_TRANSFER, superior, "given") is not None:
        yield Diagnosis(
            "[control] internal", CheckState.WARNING, *both("internal_without_superior", superior=superior)
        )
    open_question = config.control.internal is None and not config.sides.operator_numbers
    if config.pbx.kind != "manual" and open_question:
        yield Diagnosis(
            "[control] internal", CheckState.WARNING, *both("internal_missing", superior=superior)
        )
