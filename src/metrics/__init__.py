"""Measures of a picture against the truth, in NumPy, equal to those of the published evaluations."""
