"""The Whisper model of the catalogue, fetched once into `.models` at the root of the checkout."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from kikimori.errors import KikimoriError
from kikimori.modelstore import fetch

FOLDER = Path(__file__).parents[2] / ".models"
NAME = "whisper-base"


@cache
def _fetched() -> Path | str:
    if importlib.util.find_spec("faster_whisper") is None:
        return "faster-whisper is not installed: pip install '.[whisper]'"
    FOLDER.mkdir(exist_ok=True)
    try:
        # One worker of the run fetches it, the others wait. In a thread of its own: the test may run a loop.
        with (FOLDER / "lock").open("w") as lock, ThreadPoolExecutor(1) as pool:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return pool.submit(lambda: asyncio.run(fetch(NAME, FOLDER))).result()
    except KikimoriError as error:
        return f"{NAME} cannot be fetched: {error.message}"


def whisper_model() -> Path:
    """Return the model's folder; skips the test, with the reason, where it cannot be had."""
    found = _fetched()
    if isinstance(found, str):
        pytest.skip(found)
    return found
