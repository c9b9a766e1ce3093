"""Simulated worlds whose truth is known on every row; the benchmark of the statistics measures in them too."""
