"""Small, fast tests of single functions."""
