"""Demands that a customer makes again and again: their times, which are the same, what the operator answered."""
