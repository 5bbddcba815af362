"""Journals of agents: taken in, indexed, and finished call by call."""
