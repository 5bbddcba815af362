"""Ends the processes of a test run that is gone: started by `left_over`, told the run's mark, waits for its end."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import psutil

MARK = "KIKIMORI_TEST_RUN"
"""Environment variable that every process of a test run inherits."""
ALL_WELL = b"all well"


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes of this user that bear the mark, without this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def main() -> None:
    """Read standard input to its end. Without `ALL_WELL` the run was killed."""
    mark = os.environ[MARK]
    if ALL_WELL in sys.stdin.buffer.read():
        return
    for process in marked(mark):
        with suppress(psutil.Error):
            process.kill()


if __name__ == "__main__":
    main()
