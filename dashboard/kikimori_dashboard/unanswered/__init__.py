"""Calls for help and critical alerts that nobody answers: louder pages, hold for the operator, superiors who are rung.

`answered` tells whether somebody has acted, `ladder` which step is due (both pure), `ringing` has superiors rung, `desk` runs it all.
"""
