"""A switch's mirror port: calls are followed in other people's packets. It hears and cannot control.

From the wire up: `link` finds the IP packet in a frame, `packets` what it carries, `fragments` and `tcp` put together
what was cut, `dialogs` follows SIP, `descriptions` reads what it agreed on, `calls` makes calls and legs of dialogs,
`routes` finds whose voice an RTP packet is, `wire` joins these. `live` and `pcapfile` are where frames come from,
`tap` the way in, `replay` the same for a file.
"""
