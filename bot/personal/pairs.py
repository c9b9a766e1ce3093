"""Short forms about two instruments, and about the regime."""

from __future__ import annotations

from collections.abc import Sequence

from bot.personal.draft import NotUnderstood
from bot.personal.made import Made
from bot.personal.market import Market
from bot.personal.names import instrument_at
from bot.personal.words import Amount, Token
from rules.functions.registry import LONGEST_WINDOW, SHORTEST_PAIR_WINDOW
from rules.language.errors import nearest
from rules.language.typed import number_text
from rules.model import Basis, Instrument, Label, Timing

BAND = 0.1
"""How far a correlation has to come back before its level counts again."""

LEAVES = "5%"
"""The probability at which a coupling is over, as in the rules that come with the program."""

USUAL_WINDOW = 60
_BELOW, _ABOVE = ("<", "<=", "below", "under", "falls"), (">", ">=", "above", "over", "rises")
_LABELS = {"on": Label.RISK_ON, "off": Label.RISK_OFF, "neutral": Label.NEUTRAL}


def correlation(words: Sequence[Token], market: Market) -> Made | None:
    """`corr RUT SOL 60 > 0.6`; None where it is something else. Raises NotUnderstood."""
    if words[0] not in ("corr", "correlation"):
        return None
    a, b, rest = _pair(words, market)
    numbers = [each for each in rest if isinstance(each, Amount)]
    signs = [each for each in rest if isinstance(each, str)]
    example = f"corr {a.id} {b.id} 60 > 0.6"
    if not 1 <= len(numbers) <= 2 or any(each not in (*_BELOW, *_ABOVE) for each in signs):
        raise NotUnderstood("a correlation takes two instruments, a window and a level", example)
    window = numbers[0].value if len(numbers) == 2 else float(USUAL_WINDOW)
    level = numbers[-1].value
    if window != int(window) or not SHORTEST_PAIR_WINDOW <= window <= LONGEST_WINDOW:
        raise NotUnderstood(f"the window is from {SHORTEST_PAIR_WINDOW} to {LONGEST_WINDOW} returns", example)
    if not -0.95 <= level <= 0.95:
        raise NotUnderstood("a level of a correlation is from -0.95 to 0.95", example)
    symbol = next((each for each in signs if each in ("<", "<=", ">", ">=")), None)
    symbol = symbol or ("<" if any(each in _BELOW for each in signs) else ">")
    of = f"corr({a.id}, {b.id}, {int(window)})"
    down = symbol in ("<", "<=")
    clear = number_text(round(level + BAND if down else level - BAND, 4))
    return Made(f"{of} {symbol} {number_text(level)}", f"{of} {'>' if down else '<'} {clear}", Basis.CLOSE)


def coupling(words: Sequence[Token], market: Market) -> Made | None:
    """`coupled RUT SOL 0.6`, as the rules have it; None where it is something else. Raises NotUnderstood."""
    if words[0] not in ("coupled", "coupling", "couples"):
        return None
    a, b, rest = _pair(words, market)
    numbers = [each.value for each in rest if isinstance(each, Amount)] or [0.6]
    if len(numbers) != 1 or not -0.95 <= numbers[0] <= 0.95:
        example = f"coupled {a.id} {b.id} 0.6"
        raise NotUnderstood("a coupling takes two instruments and a level from -0.95 to 0.95", example)
    of = f"p_corr({a.id}, {b.id}, above={number_text(numbers[0])})"
    return Made(f"{of} >= 50%", f"{of} <= {LEAVES}", Basis.CLOSE, timing=Timing(confirm=2))


def regime(words: Sequence[Token], _market: Market) -> Made | None:
    """`regime risk-off`, or no more than `risk off`; None where it is something else. Raises NotUnderstood."""
    bare = "".join(map(str, words)).replace("-", "") in ("riskon", "riskoff")
    if words[0] != "regime" and not bare:
        return None
    told = words if bare else words[1:]
    said = "".join(str(each) for each in told).replace("-", "").replace("_", "").removeprefix("turns")
    found = {f"{'' if name == 'neutral' else 'risk'}{name}": label for name, label in _LABELS.items()}.get(said)
    if found is None:
        hint = nearest(said, Label.__members__)
        raise NotUnderstood(f"the regime is risk-on, neutral or risk-off{hint}", "regime risk-off")
    return Made(f"regime_is({found})", f"not regime_is({found})", Basis.CLOSE)


def _pair(words: Sequence[Token], market: Market) -> tuple[Instrument, Instrument, Sequence[Token]]:
    """The two instruments that are named, and what is said of them. Raises NotUnderstood."""
    rest = [each for each in words[1:] if each not in ("and", "of", "vs", "with", "between", "n", "window")]
    example = f"{words[0]} RUT SOL 0.6"
    first = instrument_at(rest, 0, market.scope.instruments)
    second = instrument_at(rest, first[1], market.scope.instruments) if first else None
    if first is None or second is None:
        raise NotUnderstood("two instruments are needed", example)
    if first[0] == second[0]:
        raise NotUnderstood(f"two different instruments are needed, not {first[0].id} twice", example)
    return first[0], second[0], rest[second[1] :]
