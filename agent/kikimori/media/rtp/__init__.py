"""Receiving RTP (RFC 3550), for every way in that gets it: packets in, a leg's feed out.

`srtp` takes the encryption off, `packet` is the byte format, `formats` what SDP says of payloads, `source` decides whom
to believe, `jitter` puts packets in order, `timeline` finds their place in media time, `leg_audio` decodes, `conceal` covers
what was lost, `dtmf` reads keys; `receiver` joins these for one stream, `ports` are the sockets and the timer.
"""
