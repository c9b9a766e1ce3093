"""What may stand at a path of the configuration, read off the models: a table, a list or one value."""

from __future__ import annotations

import enum
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str | int, ...]


class Form(enum.Enum):
    """How a setting is written."""

    TABLE = "a table"
    LIST = "a list"
    VALUE = "one value"
    UNKNOWN = "unknown"


def form_of(model: type[BaseModel], path: Path) -> Form:
    """The form of what stands at `path` under `model`; UNKNOWN where nothing may stand."""
    found = _at(model, path)
    if found is None:
        return Form.UNKNOWN
    if _is_model(found) or get_origin(found) is dict:
        return Form.TABLE
    return Form.LIST if get_origin(found) is tuple else Form.VALUE


def keys_of(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that the table at `path` may hold; none where they are free, or where no table stands."""
    found = _at(model, path)
    return list(found.model_fields) if _is_model(found) else []


def dotted(path: Path) -> str:
    """`rules[0].id`; a key that is no plain word is quoted."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{word(part)}" for part in path).lstrip(".")


def word(key: str) -> str:
    """A name somebody typed, on one line and of bounded length."""
    shown = key if len(key) <= 60 else f"{key[:60]}..."
    return shown if key and all(letter.isalnum() or letter in "-_./" for letter in key) else ascii(shown)


def _at(model: type[BaseModel], path: Path) -> Any:
    found: Any = model
    for key in path:
        found = _below(found, key)
        if get_origin(found) is Annotated:
            found = get_args(found)[0]
    return found


def _below(shape: Any, key: str | int) -> Any:
    if _is_model(shape):
        field = shape.model_fields.get(key)
        return field.annotation if field else None
    if get_origin(shape) is dict:
        return get_args(shape)[1]
    if get_origin(shape) is tuple and isinstance(key, int):
        return get_args(shape)[0]
    return None


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)
