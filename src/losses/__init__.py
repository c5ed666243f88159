"""Losses, as Cells from frames, flows or features to a scalar, and the training objectives made of them.

An objective holds the network it trains. `columns` names the columns of a batch that it takes, in order; it returns
(loss, terms), scalars, and `terms` names the latter.
"""
