"""Presses of people and what comes of them: commands to the agents, in the agents' time."""
