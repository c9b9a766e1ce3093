"""Alerts that people make for themselves: one forgiving line becomes a rule in the language, and back again.

`words` and `names` read what was typed, `options` what stands behind it, `forms` what it asks for; `draft` is what
comes of it, `mine` are those that a chat has. What is known of prices stands in `market`. Nothing is stored or sent.
"""
