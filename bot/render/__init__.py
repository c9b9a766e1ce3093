"""Values in, message out. Pure: no clock, no network, no Telegram.

Messages are Telegram's HTML (b, i, code); lines are made for a phone of 40 columns.
"""
