"""The program's own version, as the installed package says it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import structlog


def _read() -> str:
    try:
        return version("kikimori")
    except PackageNotFoundError:
        structlog.get_logger().warning("version_unknown")
        return "unknown"


VERSION = _read()
"""Version, read once at import: later the file may be gone (`pip install --upgrade`), or impossible to
open."""
