"""Asterisk by ARI: every call is watched, and its two voices are copied to our AudioSocket server.

`world` is what Asterisk has told of channels and bridges, `calls` which of it are calls to listen to; both are pure.
`voice` copies one party's voice, `tap` holds the connection and keeps what is copied to what `calls` wants.
"""
