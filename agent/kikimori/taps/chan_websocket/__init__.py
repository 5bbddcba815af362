"""Asterisk's chan_websocket: the PBX connects to us by WebSocket, one connection per leg.

`protocol` is what the messages mean, `server` the connections, `settings` the table `[chan_websocket]`.
"""
