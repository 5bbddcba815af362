"""State of a run that outlives its segments: its position, and which of its calls are in the history."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.journal.whole_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path

FILE = "run.json"


@dataclass(frozen=True, slots=True)
class RunState:
    """State of a run on the disk."""

    position: int = 0
    """Number of the next record wanted, at least."""
    finished: dict[int, int] = field(default_factory=dict)
    """Calls that are in the history, with the number of the record of their end."""
    lost: frozenset[int] = frozenset()
    """Those of which the agent never said the end: more may come."""
    erased: frozenset[int] = frozenset()
    """Lost ones that were erased since: what comes of them is erased before it is kept."""


def read_state(folder: Path) -> RunState:
    """Return the state of a run; an empty one where there is none. Raises OSError, ValueError."""
    try:
        said = json.loads((folder / FILE).read_bytes())
    except FileNotFoundError:
        return RunState()
    try:
        finished = {int(key): int(end) for key, end in said["finished"].items()}
        lost, erased = (frozenset(map(int, said.get(name, ()))) for name in ("lost", "erased"))
        return RunState(int(said["position"]), finished, lost, erased)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(str(folder / FILE)) from error


def write_state(folder: Path, state: RunState) -> None:
    """Put the state on the disk in place of the earlier one. Raises OSError."""
    said = {
        "position": state.position,
        "finished": {str(key): end for key, end in state.finished.items()},
        "lost": sorted(state.lost),
        "erased": sorted(state.erased),
    }
    with whole_file(folder / FILE) as file:
        file.write(json.dumps(said).encode())
