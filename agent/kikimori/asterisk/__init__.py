"""How Asterisk is spoken to: settings and protocol clients, for the tap and for control.

`settings` is `[asterisk]`, `ari` the REST interface with its events.
"""
