"""Material for vocal effort: clips of calm and shouting voices, calls without any, and the model trained from them.

`vocoder` changes how something is said (WORLD), `styles` which ways there are, `lines` what stands between mouth and ear,
`clips` makes the folders that `kikimori evaluate-effort` takes, `train` fits the model's numbers.
"""
