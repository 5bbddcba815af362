"""Pages that say what they draw (`look=1`): words and levels of nothing else are sent to them."""
