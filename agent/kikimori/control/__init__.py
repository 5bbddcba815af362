"""Limits on commands, for any PBX: targets of a call, rate of its moves, and the record of commands."""
