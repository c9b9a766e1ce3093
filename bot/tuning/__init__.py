"""Tuning: a rule with other numbers in it, on real history and in simulated worlds, and what that is worth.

Nothing here writes a configuration. What is computed are plain functions of plain values, so that a cluster may do it.
"""
