"""The pure engine: prices in, alert events out.

Nothing in this package reads a clock, a file, a socket or the environment, logs, or draws a random number. The same
panel and the same book always give the same events, so a replay is what live would have sent.
"""
