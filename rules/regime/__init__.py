"""The market's regime: a filter that says how probable each state is, and a label with hysteresis on top of it."""
