"""Priority of threads whose work can wait: sound must be heard whatever becomes of words and files."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

NICE = 10
"""Niceness on Linux: such a thread gets the processor time that others leave."""


def give_way() -> None:
    """Lower the priority of this thread, and of the threads that it starts from now on."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
