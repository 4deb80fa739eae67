"""Tests of the learning itself, and the numbers of a training with the real settings."""
