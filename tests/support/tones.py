"""Tones that a page plays, counted in the browser."""

COUNT_TONES = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.tones.push(performance.now()); return start.apply(this, at); };
localStorage.setItem("kikimori.sound", "on");
"""
"""Script for a page: `window.tones` has a time for each tone; the page's sound is switched on."""
