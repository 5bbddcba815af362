"""One recorded call as its page shows it: words, sound, waveform, alerts, review."""
