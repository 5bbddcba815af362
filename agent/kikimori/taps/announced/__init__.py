"""Legs that are announced before their audio comes, whatever carries it.

`directory` knows who a UUID or name belongs to, `handler` is how a dialplan tells it by HTTP.
"""
