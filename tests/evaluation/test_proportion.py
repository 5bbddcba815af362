"""Intervals against published values."""

from __future__ import annotations

import pytest

from kikimori_lab.evaluation.proportion import highest_count, share_fields, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == pytest.approx((low, high), abs=6e-5)
    mirrored = wilson(whole - part, whole)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=6e-5)


def test_nothing_to_divide_by() -> None:
    assert wilson(0, 0) is None
    assert share_fields("recall", 0, 0) == {"recall": None, "recall_95": None}


@pytest.mark.parametrize(("count", "exact"), [(0, 3.689), (1, 5.572), (5, 11.668), (100, 121.627)])
def test_upper_bound_of_a_count(count: int, exact: float) -> None:
    """Garwood's exact bounds."""
    assert highest_count(count) == pytest.approx(exact, rel=0.01)
