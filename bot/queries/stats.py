"""What /stats and /backtest tell of rules: their evidence, their last firings, how near one came that never fired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from bot.answers.stats import OutcomePicture, Stat, Stats
from bot.queries.evidence import evidence, evidence_of_rules, headline
from bot.queries.miss import nearest
from bot.queries.view import View, number, origins_of
from rules.evidence import Evidence, nodes_of, past_of
from rules.language.compile import CompiledRule
from rules.language.errors import short
from rules.model import XNYS
from rules.outcomes import followed
from rules.regime.label import label

LATELY = 3
"""Firings that are told one by one."""

_LONGEST_TITLE = 48
"""Characters above a picture that a phone still shows large enough; the text beneath has room for more."""

HORIZON = 20
"""Rows after which it is told what had followed."""


def stats_of_rules(view: View, rules: Sequence[CompiledRule]) -> list[Stat]:
    """Of many rules, what fired last before what fired earlier; those that never did in their own order."""
    found = zip(rules, evidence_of_rules(view, rules), strict=True)
    stats = [Stat(rule, past, headline(view, rule)) for rule, past in found]
    return sorted(stats, key=lambda each: each.last or dt.date.min, reverse=True)


def stats_of(view: View, rule: CompiledRule, shown: str | None = None) -> Stats:
    """Of one rule, with one of its instruments in full: the one `shown`, or the first."""
    past = evidence(view, rule)
    shown = shown or headline(view, rule)
    miss = nearest(view, rule) if past.since is not None and not past.fired else None
    names = [each.instrument for each in past.outcomes if each.base.n or each.instrument == shown]
    return Stats(
        stat=Stat(rule, past, headline(view, rule), miss),
        shown=shown,
        looked_at=tuple(dict.fromkeys(names)),
        lately=_lately(view, rule, past, shown) if shown is not None else (),
        simulated=view.simulated,
    )


def _lately(view: View, rule: CompiledRule, past: Evidence, shown: str) -> tuple[tuple[dt.date, float | None], ...]:
    """The last firings, the newest first, and what followed each."""
    panel = view.panel(rule.calendar)
    (moves,) = followed(panel, shown, (HORIZON,))
    days = past.fired[-LATELY:][::-1]
    return tuple((day, number(float(moves.end[panel.clock.row_of(day)]))) for day in days)


def outcome_picture(view: View, stats: Stats) -> OutcomePicture | None:
    """The firings on the price of the instrument that is shown, from the first session on which the rule could have
    fired; None where it never could have, or where nothing is known of that price.
    """
    rule, past = stats.stat.rule, stats.stat.evidence
    outcome = None if stats.shown is None else past.of(stats.shown, HORIZON)
    panel, columns = view.panel(rule.calendar), view.columns(nodes_of(rule), rule.calendar)
    fired = past_of(rule, panel, columns)
    first = fired.first
    if outcome is None or not outcome.base.n or first is None:
        return None
    (moves,) = followed(panel, outcome.instrument, (HORIZON,))
    known = ~np.isnan(moves.end)
    return OutcomePicture(
        title=short(rule.rule.title or rule.when_text, _LONGEST_TITLE),
        sessions=panel.clock.sessions[first:],
        close=panel.field(outcome.instrument, "close")[first:],
        labels=columns[label()][first:] if rule.calendar == XNYS else np.full(len(panel) - first, np.nan),
        fired=fired.rows - first,
        after=moves.end[fired.rows][known[fired.rows]],
        everyday=moves.end[fired.is_known & known],
        outcome=outcome,
        clock=rule.calendar,
        as_of=panel.clock.session(len(panel) - 1),
        origins=origins_of(panel, [outcome.instrument], len(panel) - 1),
        simulated=view.simulated,
        by_closes=past.by_closes,
    )
