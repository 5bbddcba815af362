"""Cells that a table program would calculate."""

from __future__ import annotations

import pytest

from kikimori_records.cells import is_calculated, safe


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+81 3 1234 5678", "-1", "@SUM(A1)", "＝1+1", "＋81", "－1", "＠x", "\t=1", "\r=1", "\n=1"],
)
def test_what_a_table_program_would_calculate_is_made_text(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert is_calculated(safe(cell))


@pytest.mark.parametrize("cell", ["", "架空太郎", "03-1234-5678", "ー", "1=1", "’=1"])
def test_what_it_would_not_is_left_as_it_is(cell: str) -> None:
    assert safe(cell) == cell
