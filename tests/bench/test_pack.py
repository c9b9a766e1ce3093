"""The rows of the default pack are of rules on every clock there is."""

from __future__ import annotations

from pathlib import Path

from bot.app import Options, open_app
from rules.model import ALWAYS, XNYS
from tests.bench.pack import END, replay_rows
from tests.bot.markets import Folder, day, weekdays

TWO_CLOCKS = """
[[rules]]
id = "rut-high"
when = "close(RUT) > 9"

[[rules]]
id = "btc-high"
when = "close(BTC) > 9"
"""


def test_the_pack_is_timed_whichever_clocks_its_rules_are_on(tmp_path: Path) -> None:
    """It was judged on the exchange's alone, and stopped with the first rule about a coin."""
    days = [day(f"2025-12-{date:02}", 10) for date in range(1, 32)]
    folder = Folder(tmp_path / "prices").holds("RUT_1d.csv", *weekdays("2025-11-03", "2025-12-31"))
    folder.holds("BTC_1d.csv", *days)
    config = tmp_path / "two.toml"
    config.write_text(TWO_CLOCKS)
    app = open_app(Options(config, folder.path), END)
    assert {rule.calendar for rule in app.settings.compiled} == {XNYS, ALWAYS}
    whole, tick, short = replay_rows(app, app.view().panel(XNYS))
    assert whole.what.endswith("default pack of 2")
    assert tick.beside == short.beside == whole.measured
