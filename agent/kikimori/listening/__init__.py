"""Listening to running calls in a browser: the newest sound in memory, and streams of it to dashboards."""
