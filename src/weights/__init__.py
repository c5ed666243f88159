"""Weights of other programs: read without trusting them, named as ours, fetched once; no MindSpore needed."""
