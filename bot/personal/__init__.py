"""Alerts that people make for themselves: one forgiving line becomes a rule in the language, and back again.

`words`, `names` and `said` read what was typed, `options` what stands behind it. `levels`, `pairs`, `measures` and
`expressions` are the forms that a condition has, and `forms` tries one after the other; `draft` is what comes of it,
`presets` are drafts for one tap, `mine` are the alerts that a chat has. What is known of prices stands in `market`.
Nothing is stored or sent.
"""
