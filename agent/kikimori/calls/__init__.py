"""Calls that are live.

`leg` buffers a leg's audio, `call` joins a call's legs with its judge, `desk` moves the audio of all legs through
hearing and hands what was found to the calls. The only stage that knows both hearing and judging.
"""
