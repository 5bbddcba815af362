"""Inventory of this process: memory, files, tasks, threads, and entries in the program's own tables."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = ("kikimori", "amqtt", "aiomqtt")
"""Packages whose objects are counted; the brokers' libraries keep state for every client and message."""

_TABLES = (dict, list, set, deque)


@dataclass(frozen=True, slots=True)
class ProcessInventory:
    """Inventory of the process at one moment."""

    rss_mb: float
    files: int
    """Open file descriptors."""
    tasks: int
    """Tasks on the event loop of the caller."""
    threads: int
    objects: Counter[str]
    """Instances of our classes, by `module.Class`."""
    entries: Counter[str]
    """Entries in containers that are attributes of our objects, by `Class.attribute`."""


def take_inventory() -> ProcessInventory:
    """Take the inventory; this stops the program for a few tenths of a second."""
    gc.collect()
    objects: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        module = kind.__module__
        # Of some types written in C it is no text.
        if (
            not isinstance(module, str)
            or not module.startswith(OURS)
            or module.startswith("kikimori_lab.bench")
        ):
            continue
        objects[f"{module}.{kind.__qualname__}"] += 1
        for name, value in _attributes(each):
            if isinstance(value, _TABLES):
                entries[f"{kind.__qualname__}.{name}"] += len(value)
    return ProcessInventory(
        rss_mb(), open_files(), len(asyncio.all_tasks()), threading.active_count(), objects, entries
    )


def rss_mb() -> float:
    """Resident memory of this process in megabytes (10⁶ bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_files() -> int:
    """Return the number of file descriptors that this process has open."""
    # One of them is the folder that is read.
    return sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1


def grown(before: Counter[str], after: Counter[str]) -> dict[str, list[int]]:
    """Return the counts that have grown, as [before, after]; most growth first."""
    names = sorted(after, key=lambda name: before[name] - after[name])
    return {name: [before[name], after[name]] for name in names if after[name] > before[name]}


def _attributes(each: object) -> Iterator[tuple[str, object]]:
    # Not `getattr` of everything: a property may do work, or fail outside of its time.
    yield from getattr(each, "__dict__", {}).items()
    for kind in type(each).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                full = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
                yield name, getattr(each, full, None)
