"""Recipes for speech, calls and models. Nothing here is needed at run time; see models/training/README.md."""
