"""Measurements of this program on the machine it runs on: `kikimori bench`."""
