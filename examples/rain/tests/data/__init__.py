"""Tests of the data: schema, ranges, gaps, drift."""
