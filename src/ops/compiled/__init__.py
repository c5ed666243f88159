"""Operators for the CPU, compiled from the C++ beside them on the machine that runs them (see `library`)."""
