"""Analysis of a leg's sound: speech or not, level, vocal effort, words.

`bank` hears all legs of one rate at once; `vad`, `features`, `effort` and `gate` are its parts. `speech/` recognises
words. Hearing knows no other call, no rule and no MQTT.
"""
