"""What can be heard on a leg: speech or not, how loud, how much vocal effort, which words.

`bank` hears all legs of one rate at once; `vad`, `features`, `effort` and `gate` are its parts. `speech/` recognises
words. Hearing knows no other call, no rule and no MQTT.
"""
