"""The bot as a trader meets it in Telegram. Nothing outside this package knows the library.

The library's transport, types and errors are used, its lifecycle is not: its polling ends for good at one 404, and
stays behind an update that it cannot read.
"""
