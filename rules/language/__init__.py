"""The rule language: a line of text -> a typed tree -> columns.

`syntax` reads text, `meaning` types every part in a scope, `compile` turns a rule into columns. Nothing is
ever executed that was typed; size and depth are bounded.
"""
