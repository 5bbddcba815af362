"""Journal of calls: the format in which an agent records them, and the way to the records service.

`framing` is the form of one record and of a segment's head, `writing` and `reading` the files, `repairing`, `erasing` and
`shipped` what is done with them afterwards, `events` the records that are JSON, `sink` the receiver. `sound`, `windows`
and `erasing` need numpy, which not every part has installed: nothing else here imports them. The format is described in
`docs/journal-format.md`.
"""
