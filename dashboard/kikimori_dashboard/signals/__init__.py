"""Lamps, buzzers and buttons by MQTT: what each place's lamp shows, its description for Home Assistant, and buttons at seats.

`lamps` and `button` are pure, `relay` holds the connection. Nothing here names a person or says a word of a call.
"""
