"""Asterisk's AudioSocket: the PBX connects to us over TCP, one connection per leg.

`protocol` is the byte format, `server` the sockets. Whose voice it is was said before: `kikimori.taps.announced`.
"""
