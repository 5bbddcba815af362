"""Recorded calls: their tables, rows and queries."""
