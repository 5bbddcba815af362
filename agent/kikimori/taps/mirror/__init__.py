"""Mirror port of a switch: calls are followed in other people's packets. It hears and cannot control.

From the wire up: `link` finds the IP packet in a frame, `packets` what it carries, also in `tunnels`, `fragments` and `tcp`
put together what was cut, `content` knows SIP by its bytes, `dialogs` follows it, with the `forks` of each `dialog`,
`descriptions` reads what it agreed on and `callers` who calls, `calls` makes calls and legs of dialogs, of which `twins`
belong together, `routes` finds whose voice an RTP packet is, `strays` counts what is nobody's, `wire` joins these. `live` and `pcapfile` are where frames come from,
`tap` the way in, `replay` the same for a file.
"""
