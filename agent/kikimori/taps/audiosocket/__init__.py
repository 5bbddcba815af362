"""Asterisk's AudioSocket: the PBX connects to us over TCP, one connection per leg.

`protocol` is the byte format, `server` the sockets, `directory` who a UUID belongs to, `announce` how the PBX tells.
"""
