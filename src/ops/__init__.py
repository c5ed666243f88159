"""Operators in a fused and a portable form (see `backend`): the only package that knows the device."""
