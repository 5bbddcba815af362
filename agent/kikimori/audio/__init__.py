"""Samples: resampling, reading and writing recordings. Knows no call and no socket."""
