"""`kikimori tap watch`: sound as it arrives, before anything else is configured.

Two sources give the same picture: the configured taps themselves (`own`), or an agent that runs already, through the
broker (`agent`). `screen` and `lines` show it.
"""
