"""A small configuration for replays: a rule of each kind, one of them with words that are no words of HTML."""

from __future__ import annotations

from pathlib import Path

RULES = """[evidence]
follow = ["RUT", "BTC"]

[[rules]]
id = "rut-up"
when = "ret(RUT, 20) > 3%"
clear = "ret(RUT, 20) < 0%"
severity = "high"
tags = ["russell", "turn"]
title = "Russell 2000 <b>up</b> & away"

[[rules]]
id = "rut-far"
when = "close(RUT) > 100000"
clear = "close(RUT) < 1"
title = "Far away"

[[rules]]
id = "rut-trades"
when = "close(RUT) > record(RUT)"
clear = "drawdown(RUT) > 3%"
on = "tick"
tags = ["russell"]
title = "Trades at a record"

[[rules]]
id = "btc-often"
when = "ret(BTC, 1) > 1%"
clear = "ret(BTC, 1) < 0%"
tags = ["crypto"]
title = "Bitcoin gains a percent"
"""


def config(folder: Path) -> Path:
    """RULES as a file."""
    file = folder / "replayed.toml"
    file.write_text(RULES, encoding="utf-8")
    return file
