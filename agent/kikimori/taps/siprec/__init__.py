"""SIPREC recording server (RFC 7866, metadata RFC 7865): an SBC or IP-PBX sends a copy of every call's audio here.

The words of the standard: the SRC (session recording client) is the PBX's side, the SRS (session recording server) is
this program. `multipart` and `metadata` read what an SRC sends, `parties` decides whose voice a stream is, `offer` what
of an offer is accepted, `keys` which keys of SRTP. `dialog` is the SIP side of one session, `session` its legs, `stream` one of them, `entries` all of them with their
timers. `server` takes requests, after `policy`; `changes` carries them out, `answers` answers, `troubles` tells people.
`tap` is the way in, `certificates` its TLS. The SIP itself is in `kikimori.taps.sip`, the audio in `kikimori.taps.rtp`.
"""
