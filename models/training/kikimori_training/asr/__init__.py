"""Recipe of `models/ja-synth`: a small Vosk model for Japanese on the telephone, from synthetic speech only."""
