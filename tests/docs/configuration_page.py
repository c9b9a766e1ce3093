"""The tables of docs/configuration.md, read off the models: `python -m tests.docs.configuration_page` writes them.

A key's meaning is the text beneath it in `bot/settings`, its bounds are its type's, its default is that of
config.example.toml.
"""

from __future__ import annotations

import ast
import enum
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.settings.live_feeds import live_feeds
from bot.settings.models import Settings, built_in

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
_TABLES = re.compile(r"(?s)(<!-- (\w+): ([\w ]+) -->\n).*?(<!-- /\2 -->)")
_FEEDS = re.compile(r"Live feeds: [^(]*\(")
HEAD = "| key | what it is | unless said | meaning |\n|---|---|---|---|"
OF_NAMES = {"files": "files.NAME", "channels": "channels.NAME", "instruments": "instruments.ID"}
"""Sections that are tables by name."""


def written() -> str:
    """The page as it should be: a table where a comment names the sections that it is of, and every live feed."""
    text = _FEEDS.sub(
        f"Live feeds: {', '.join(f'`{each}`' for each in live_feeds())} (", PAGE.read_text(encoding="utf-8")
    )
    return _TABLES.sub(lambda found: f"{found[1]}{table(found[3].split())}\n{found[4]}", text)


def table(sections: list[str]) -> str:
    """Every key of some sections."""
    return "\n".join([HEAD, *(row for section in sections for row in _rows(section))])


def sections() -> set[str]:
    """All that a configuration may have."""
    return set(Settings.model_fields)


def tabled() -> list[str]:
    """Those that the page has a table of."""
    return [section for found in _TABLES.finditer(PAGE.read_text(encoding="utf-8")) for section in found[3].split()]


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """The text beneath each field."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def _rows(section: str) -> Iterator[str]:
    if section == "baskets":
        yield "| `baskets.NAME` | list | | Instruments that a function may be given together. |"
        return
    model = _model_of(section)
    prefix = "" if section == "rules" else f"{OF_NAMES.get(section, section)}."
    yield from _of_model(model, prefix, _defaults().get(section, {}) if section not in (*OF_NAMES, "rules") else {})


def _of_model(model: type[BaseModel], prefix: str, defaults: dict[str, Any]) -> Iterator[str]:
    told = meanings(model)
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield f"| `{prefix}{key}` | table | | {told[key]} |"
            yield from _of_model(field.annotation, f"{prefix}{key}.", defaults[key])
        else:
            yield f"| `{prefix}{key}` | {_what(field)} | {_default(key, field, defaults)} | {told[key]} |"


def _what(field: FieldInfo) -> str:
    """Its type in a few words, with bounds and choices."""
    bounds = {type(each): each for each in _constraints(field)}
    if Ge in bounds and Le in bounds:
        return f"{bounds[Ge].ge:,} to {bounds[Le].le:,}"
    return _kind(field.annotation)


def _constraints(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    yield from _within(field.annotation)


def _within(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        first, *rest = get_args(annotation)
        for each in rest:
            yield from getattr(each, "metadata", [each])
        yield from _within(first)
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _within(each)


def _kind(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _kind(next(each for each in get_args(annotation) if each is not type(None)))
    if origin is tuple:
        kind = get_args(annotation)[0]
        return f"list of {_kind(kind)}" if _is_choice(kind) else "list"
    if origin is dict:
        return "table"
    if _is_choice(annotation):
        return ", ".join(f"`{each.value}`" for each in annotation)
    return "`true`, `false`" if annotation is bool else "number" if annotation is int else "text"


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def _default(key: str, field: FieldInfo, defaults: dict[str, Any]) -> str:
    """As TOML writes it; nothing where there is none to say."""
    value = defaults.get(key, field.default)
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ("", (), {}, []):
        return ""
    return f"`{json.dumps(value, default=str)}`"


@cache
def _defaults() -> dict[str, Any]:
    return built_in()


def _model_of(section: str) -> type[BaseModel]:
    """What a table of a section is read as: of one by name, or in a list, the last of what it is made of counts."""
    annotation = Settings.model_fields[section].annotation
    inner = [each for each in get_args(annotation) if each is not Ellipsis]
    found = inner[-1] if inner else annotation
    assert isinstance(found, type)
    assert issubclass(found, BaseModel)
    return found


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
