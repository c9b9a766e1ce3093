"""Where `bellwether run` listens, read past the whole configuration: a health check every few seconds must be cheap.

It finds what bot.settings finds, and checks nothing: whatever is wrong with a configuration `bellwether check` tells.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SECTION, KEY = "BELLWETHER_WEB", "BELLWETHER_WEB__LISTEN"
BUILT_IN = "config.example.toml"

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # nosec B104: where to ask, not where to listen
"""What may be listened at, and what of it can be asked."""


def listening(config: Path | None, environ: Mapping[str, str] = os.environ) -> str:
    """`web.listen`: of the environment, else of the configuration file, else the built-in one. Raises ValueError in a
    sentence where it cannot be read.
    """
    variables = {name.upper(): value for name, value in environ.items() if name.upper() in (SECTION, KEY)}
    if (named := variables.get(KEY)) is not None:
        return named
    file = config or (Path(named) if (named := environ.get("BELLWETHER_CONFIG")) else None)
    said = (_of_variable(variables), {} if file is None else _tables(file), _tables(_built_in()))
    found = next(listen for each in said if (listen := _listen(each)) is not None)
    if not isinstance(found, str):
        raise ValueError("web.listen is no text; bellwether check tells more")
    return found


def address(listen: str) -> tuple[str, int]:
    """The host and port to ask. Raises ValueError in a sentence where there is none."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not listen:
        raise ValueError("web.listen is empty: the service tells nobody how it is")
    if not host or not port.isdecimal() or not 0 <= int(port) < 65_536:
        raise ValueError(f"web.listen is no host and port: {listen!r}")
    if int(port) == 0:
        raise ValueError("web.listen leaves the port open; name it with --url")
    return EVERYWHERE.get(host, host), int(port)


def _of_variable(variables: Mapping[str, str]) -> dict[str, Any]:
    try:
        return {"web": json.loads(variables.get(SECTION, "{}"))}
    except ValueError:
        raise ValueError(f"{SECTION} is no JSON; bellwether check tells more") from None


def _listen(values: Mapping[str, Any]) -> object:
    section = values.get("web")
    return section.get("listen") if isinstance(section, dict) else None


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise ValueError(f"{file} is not valid TOML; bellwether check tells more") from None


def _built_in() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / BUILT_IN
    return inside if inside.exists() else package.parent / BUILT_IN
