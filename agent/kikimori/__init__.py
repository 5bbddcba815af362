"""Kikimori's agent: hears calls as they happen, judges what it hears by rules, and alerts a supervisor.

The way of one call: taps → hearing → judging → bus; commands come back through bus → pbx. `calls` joins the stages
for each call, `app` wires the program together.
"""
