"""Audit: who did what to what and with which outcome, in a chain of hashes that shows every later change."""
