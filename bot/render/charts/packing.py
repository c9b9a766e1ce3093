"""Pictures made small where many go into one file."""

from __future__ import annotations

import io

_COLOURS = 64
"""A sheet has a dozen, and their shades at the edges of letters and lines."""


def packed(png: bytes) -> bytes:
    """The same picture in 64 colours, less than half of the bytes."""
    from PIL import Image  # it came with matplotlib, and loads with it

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as whole:
        few = whole.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(out, format="png")
    return out.getvalue()
