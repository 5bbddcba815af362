"""Deadline of what tests wait for."""

from __future__ import annotations

WITHIN_S = 240.0
"""Seconds after which something counts as hung. No limit of speed, which a busy machine would miss: a program alone may
take half a minute there to load. Below the `timeout` of pytest, which cannot say what was awaited."""
