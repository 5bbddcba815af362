"""Retention of records by kind and age, legal holds, erasure of calls and of callers."""
