"""FreeSWITCH as a way in: it streams calls' audio to us over WebSocket.

`media` is the WebSocket server, `voices` turns a stream into legs, `metadata` is what a dialplan says of its streams;
`tracking` follows the calls by their events and `channels` reads who is who (both pure), `streams` has their audio sent, `tap` puts it together.
"""
