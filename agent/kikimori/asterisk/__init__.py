"""Settings and protocol clients for Asterisk, shared by the tap and by control.

`settings` is `[asterisk]`, `ari` the REST interface with its events.
"""
