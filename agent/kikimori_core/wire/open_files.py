"""Limit on the files and sockets that this process may have open at a time."""

from __future__ import annotations

import resource

from kikimori_core.errors import KikimoriError

LEAST = 64
"""Least limit: with fewer for event loop, databases and ports, failures are hard to explain."""


def need_open_files(least: int = LEAST) -> None:
    """Raise this process's limit as far as the system allows.

    Raises:
        KikimoriError: fewer than `least` may be open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= least:
        return
    if hard != unlimited and hard < least:
        raise KikimoriError.of("too_few_files", hard=hard, least=least)
    resource.setrlimit(resource.RLIMIT_NOFILE, (least, hard))
