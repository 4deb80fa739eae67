"""Tests of the whole way: train, save, load, predict."""
