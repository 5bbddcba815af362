"""Callers: customers with their numbers, and the contacts of a caller."""
