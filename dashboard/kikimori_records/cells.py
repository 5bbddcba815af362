"""Cells of CSV files that a table program must not calculate."""

from __future__ import annotations

_SIGNS = "=+-@"
_FULL_WIDTH = "＝＋－＠"
"""The same signs as a Japanese Excel takes them too."""
_CALCULATED = (*_SIGNS, *_FULL_WIDTH, "\t", "\r", "\n")


def safe(cell: str) -> str:
    """Return a cell with `'` before it where a table program would calculate it."""
    return f"'{cell}" if is_calculated(cell) else cell


def is_calculated(cell: str) -> bool:
    """Return whether a table program would calculate a cell, but for the marks before it."""
    return cell.lstrip("'").startswith(_CALCULATED)
