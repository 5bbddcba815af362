"""Make the calls that `kikimori evaluate` is measured with: a folder `dev` and a folder `test` of FLAC and truth JSON.

A call is an opening, its own turns and a closing, said by one customer and one operator of its split, taken in turn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.progress import Progress

from kikimori_training.calls import Expected, Moment, Operator, Role, Script, SpeakerPlan, Turn, render
from kikimori_training.demo_calls import write
from kikimori_training.effort_style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent.parent / "evaluation"
AFTER_S = 6.0
"""An alert may come so long after the end of the turn that calls for it."""

_ROLES: dict[str, Role] = {"O": "operator", "C": "customer"}
_PAUSES = (0.7, 0.9, 0.6, 1.1, 0.8)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedAlert(_Strict):
    rule: str
    severity: Literal["notice", "warning", "critical"]
    at: int
    to: int | None = None


class CallPlan(_Strict):
    name: str
    tags: tuple[str, ...]
    turns: Annotated[tuple[str, ...], Field(min_length=1)]
    expected: tuple[PlannedAlert, ...] = ()
    tolerated: tuple[str, ...] = ()


class Split(_Strict):
    openings: tuple[tuple[str, ...], ...]
    closings: tuple[tuple[str, ...], ...]
    customer: tuple[SpeakerPlan, ...]
    operator: tuple[Operator, ...]
    call: tuple[CallPlan, ...]


def read_split(path: Path) -> Split:
    return Split.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def script_of(split: Split, number: int) -> Script:
    """Write out the script of call `number`."""
    plan = split.call[number]
    opening = split.openings[number % len(split.openings)]
    closing = split.closings[number % len(split.closings)]
    lines = [*opening, *plan.turns, *closing]
    turns = tuple(_turn(line, place - len(opening) + 1, place) for place, line in enumerate(lines))
    expected = tuple(
        Expected.model_validate(
            {
                "rule": alert.rule,
                "severity": alert.severity,
                "from": Moment(turn=f"t{alert.at}", edge="start"),
                "to": Moment(turn=f"t{alert.to or alert.at}", edge="end", add=AFTER_S),
                "needs_words": alert.rule != "shouting",
            }
        )
        for alert in plan.expected
    )
    return Script(
        title={"ja": plan.name, "en": plan.name},
        tags=plan.tags,
        tolerated=plan.tolerated,
        caller=f"03000010{number:02}",
        customer=split.customer[number % len(split.customer)],
        operator=split.operator[number % len(split.operator)],
        turns=turns,
        expected=expected,
        # The last turn's alert may come after it.
        tail=AFTER_S / 2,
    )


def _turn(line: str, own: int, place: int) -> Turn:
    head, text = line.split(": ", 1)
    who, _, style = head.partition(" ")
    return Turn(
        id=f"t{own}",
        role=_ROLES[who],
        style=Style(style or "calm"),
        text=text,
        pause=_PAUSES[place % len(_PAUSES)],
    )


def make(out: Path, split_name: str, number: int) -> str:
    """Make one call; done already when its files are there."""
    split = read_split(FOLDER / f"{split_name}.toml")
    name = split.call[number].name
    folder = out / split_name
    if not (folder / f"{name}.json").exists():
        write(render(script_of(split, number), name), folder, name)
    return name


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kikimori_training.evaluation_calls", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="gets the folders dev and test")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only these calls")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(argv)
    work = [
        (split, number)
        for split in ("dev", "test")
        for number, plan in enumerate(read_split(FOLDER / f"{split}.toml").call)
        if not options.only or plan.name in options.only
    ]
    for split, _ in work:
        (options.out / split).mkdir(parents=True, exist_ok=True)
    with Progress(console=Console(stderr=True)) as progress, ProcessPoolExecutor(options.jobs) as processes:
        made = [processes.submit(make, options.out, split, number) for split, number in work]
        for each in progress.track(made, description="Calls"):
            each.result()
    return 0


if __name__ == "__main__":
    sys.exit(main())
