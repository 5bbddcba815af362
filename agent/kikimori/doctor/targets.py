"""Checks of the telephones that commands may ring: the superior's and the supervisors' among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import Diagnosis, State
from kikimori.control.targets import PLAIN
from kikimori_core.wire.messages import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.config import AgentConfig


def look_at_targets(config: AgentConfig) -> Iterator[Diagnosis]:
    """Yield a diagnosis of each target that a press could not ring; `check` is the key as people write it."""
    superior = config.pbx.superior
    if not PLAIN.fullmatch(superior):
        yield Diagnosis(
            "[pbx] superior",
            State.WARNING,
            f"{superior} is never dialled: it has *, # or @ in it, so transfers to the superior are refused",
            "write the extension or queue itself",
        )
    elif config.targets().refusal(Action.HOLD_TRANSFER, superior, "given") is not None:
        yield Diagnosis(
            "[control] internal",
            State.WARNING,
            f"does not have the superior's number {superior}: transfers there are refused",
            f'add it: internal = [..., "{superior}"]',
        )
    open_question = config.control.internal is None and not config.sides.operator_numbers
    if config.pbx.kind != "manual" and open_question:
        yield Diagnosis(
            "[control] internal",
            State.WARNING,
            f"is not set: calls go to {superior} alone, and nobody can listen in on a telephone of their own",
            'write the extensions of the house, e.g. [control] internal = ["2??"]',
        )
