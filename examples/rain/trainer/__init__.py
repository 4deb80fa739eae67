"""Predicts whether it will rain in Seattle tomorrow from the weather of today."""
