"""Losses, as Cells from frames, flows or features to a scalar."""
