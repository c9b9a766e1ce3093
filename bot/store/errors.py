"""What the store may raise; apart, so that whoever only catches it loads no database."""


class StoreError(Exception):
    """The database cannot be used; one sentence."""
