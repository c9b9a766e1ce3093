"""The colours of a theme.

They are those of Okabe & Ito (2008), which colour-blind eyes tell apart as well; in the dark their lighter neighbours.
What is written in `ink`, `quiet`, `blue`, `warning` or the words of a state stands out from `paper` by 4.5 : 1 at least
(WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.answers.theme import Theme
from rules.model import Label, Severity

BLACK, WHITE = "#000000", "#FFFFFF"
READABLE = 4.5

LOUD = (Severity.HIGH, Severity.CRITICAL)
"""Severities that are drawn in the colour that stands out."""


@dataclass(frozen=True)
class Shades:
    """One state of the market: a plain area, a band behind a curve, and words."""

    area: str
    band: str
    words: str


@dataclass(frozen=True)
class Palette:
    """`faint` is for scales and stripes, `hatch` for what is undefined; `sky` is the paler neighbour of `blue`."""

    paper: str
    ink: str
    quiet: str
    faint: str
    hatch: str
    blue: str
    sky: str
    green: str
    vermillion: str
    warning: str
    states: Mapping[Label, Shades]


LIGHT = Palette(
    paper=WHITE,
    ink=BLACK,
    quiet="#4D4D4D",
    faint="#E3E3E3",
    hatch="#BFBFBF",
    blue="#0072B2",
    sky="#56B4E9",
    green="#009E73",
    vermillion="#D55E00",
    warning="#B34F00",
    states={
        Label.RISK_ON: Shades(area="#0072B2", band="#CBE4F4", words="#0072B2"),
        Label.NEUTRAL: Shades(area="#8C8C8C", band="#EDEDED", words="#4D4D4D"),
        Label.RISK_OFF: Shades(area="#D55E00", band="#F8D2B6", words="#B34F00"),
    },
)
DARK = Palette(
    paper="#101418",
    ink="#ECEFF1",
    quiet="#A9B3BC",
    faint="#2A323A",
    hatch="#4F5A64",
    blue="#56B4E9",
    sky="#2E7FB0",
    green="#2FBF94",
    vermillion="#E87A35",
    warning="#F28E4B",
    states={
        Label.RISK_ON: Shades(area="#56B4E9", band="#143D57", words="#56B4E9"),
        Label.NEUTRAL: Shades(area="#7A858F", band="#262D34", words="#A9B3BC"),
        Label.RISK_OFF: Shades(area="#E87A35", band="#5A2D10", words="#F28E4B"),
    },
)
PALETTES: Mapping[Theme, Palette] = {Theme.LIGHT: LIGHT, Theme.DARK: DARK}


def contrast(one: str, other: str) -> float:
    """How much one colour stands out from another, from 1 to 21. (WCAG 2.2, contrast ratio)"""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(colour: str) -> str:
    """Black or white, whichever stands out more from a colour: by 4.58 : 1 at least."""
    return max((BLACK, WHITE), key=lambda ink: contrast(ink, colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in bytes.fromhex(colour.removeprefix("#")))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
