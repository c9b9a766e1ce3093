"""Whether pictures are light or dark."""

from __future__ import annotations

import enum


class Theme(enum.StrEnum):
    """Dark ink on light paper, or light ink on dark paper."""

    LIGHT = "light"
    DARK = "dark"
