"""Event socket of FreeSWITCH, shared by its way in and its control.

`esl` is the byte format, `client` the connection, `settings` the `[freeswitch]` table, `checkup` what doctor asks.
"""
