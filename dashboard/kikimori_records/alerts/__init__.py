"""Marks of people on alerts: who takes one on, and which were false."""
