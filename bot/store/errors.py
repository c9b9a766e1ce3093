"""What the store may raise; apart, so that whoever only catches it loads no database."""


class StoreError(Exception):
    """The database cannot be used; one sentence. `why` is the reason without the place, which is the operator's."""

    def __init__(self, sentence: str, why: str = "") -> None:
        super().__init__(sentence)
        self.why = why or sentence


class Fenced(StoreError):
    """Another process has taken over: what this one wanted to write was not written, and never will be."""


def unusable(place: object, why: str) -> StoreError:
    """The sentence for what cannot be a database."""
    why = f"{why[:1].lower()}{why[1:]}"
    return StoreError(f"{place} cannot be used as a database: {why}", why)
