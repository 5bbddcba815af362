"""Evaluation of the program's judgement: recordings with the truth about them, scored.

`truth` is the format, `score` compares what was raised with what was to be raised, `words` the recognised text with the
spoken one, `run` analyses a folder as if its calls were live, `report` shows every call as a picture.
"""
