"""A sound card as a way in: an analogue tap at the handset, or a USB telephone recorder.

`activity` tells when a call begins and ends, `line` makes legs of one device's audio, `handover` brings it from the
sound library's thread to the loop, `sound` is what is asked of that library and `portaudio` the library.
"""
