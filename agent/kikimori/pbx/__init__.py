"""Control of the PBX: `control` is the protocol, the others are ways of doing it.

Decides nothing about when; every answer says what really happened.
"""
