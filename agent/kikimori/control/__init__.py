"""Control of a PBX, whichever it is: what is asked of one, and the limits on commands.

`pbx_control` is the protocol, `pbx_settings` and `settings` its configuration, `held` remembers customers on hold;
`targets` are the telephones that may be rung, `move_limit` how often a call is moved, `record` what was done. Decides
nothing about when; every answer says what really happened.
"""
