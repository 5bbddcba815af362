"""FreeSWITCH's event socket: what its way in and its control share.

`esl` is the byte format, `client` the connection, `settings` the `[freeswitch]` table, `checkup` what doctor asks.
"""
