"""Checks of the source text, with the standard library only."""
