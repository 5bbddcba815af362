"""Sound on its way in, whatever PBX sends it: codecs, pace, resampling; `rtp` receives it, `sip` agrees on it."""
