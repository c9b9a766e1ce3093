"""The market as the service knows it: sessions, the bars that are owed, whom to ask for them, what of the answers is
believed, and the history that grows of it.
"""
