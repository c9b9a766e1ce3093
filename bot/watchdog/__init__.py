"""What watches the service itself. It knows things with an age and a way to be restarted, and a monotonic clock; which
things those are stands in `bot.service`, `bot.fronts`, `bot.upkeep` and `bot.live`.
"""
