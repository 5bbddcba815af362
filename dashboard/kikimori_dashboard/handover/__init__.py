"""Handover of a call (引き継ぎ): what a superior who is rung has to know of it."""
