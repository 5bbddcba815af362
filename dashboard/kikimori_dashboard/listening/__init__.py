"""Listening to running calls in a browser: streams of agents, shared by those who listen."""
