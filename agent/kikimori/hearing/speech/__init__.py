"""Words: recognition in threads, fed with speech only.

`engine` is what a recogniser must offer, `vosk_engine` the one built in, `fed_time` maps its clock to media time,
`pool` runs many streams on a few threads and sheds the calmest when they fall behind.
"""
