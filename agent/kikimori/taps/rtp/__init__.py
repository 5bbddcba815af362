"""Receiving RTP (RFC 3550), for every way in that gets it: from packets to a leg's feed.

`packet` is the byte format, `formats` what SDP says of payloads, `order` puts packets in order, `timeline` finds their
place in media time, `voice` decodes and conceals, `dtmf` reads keys, `source` decides whom to believe, `session` joins
these for one stream, `ports` are the sockets.
"""
