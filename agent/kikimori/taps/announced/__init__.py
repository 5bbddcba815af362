"""Legs that are announced before their audio comes, by any protocol.

`directory` knows who a UUID or name belongs to, `handler` is how a dialplan tells it by HTTP.
"""
