"""Judging, from evidence to alerts: rules over media time. Synchronous and pure: no audio, socket or clock.

`rules` and `phrases` are what people configure, `kinds/` one file per kind of rule, `judge` one call's rules and the
life of its alerts.
"""
