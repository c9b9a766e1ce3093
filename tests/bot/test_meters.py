"""What is told to Prometheus: every name is documented, a figure that fails costs no other, and no label is free."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as of_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from bot.answers import POLLING
from bot.answers.condition import Condition, Due, Phase, StoreLook, Work
from bot.answers.health import GuardReport, Health, Vitals
from bot.answers.quality import Fault, Ruling
from bot.answers.service import NO_TOKEN, SourceStatus
from bot.meters import Meters

NOW = 1_764_763_200
PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
WORK = Work(
    vitals=Vitals((GuardReport("the outbox", Health.SILENT, 90, 2),), 0.25),
    front=POLLING,
    store=StoreLook(12.5, "", (Due("telegram", 3, NOW - 40), Due("further", 0, None)), 4_096),
    sources=(SourceStatus("near", NOW - 7, None, ""), SourceStatus("far", None, NOW - 60, "no", "does not answer")),
    rules=29,
    rules_ready=28,
    newest={("RUT", "1d"): NOW - 600},
)
NONE = frozenset[str]()
CONDITION = Condition(Phase.WORKING, NOW, True, WORK)


def everything(condition: Condition = CONDITION) -> Meters:
    """Meters to which everything has happened that can."""
    meters = Meters()
    meters.runs("7.0.0")
    meters.polled(3)
    meters.answered("near")
    meters.failed("far", "does not answer")
    meters.faulted("near", Fault.OUTLIER, Ruling.HELD, 2)
    meters.faulted("", Fault.MISSING, None, 1)
    meters.ticked("judged", 0.2)
    meters.evaluated(29)
    meters.happened("rut-record-close", "fired", "high")
    meters.delivered("telegram", "sent")
    meters.arrived("telegram", 31.0)
    meters.reads(lambda: condition, lambda _: True)
    return meters


def samples(meters: Meters) -> Mapping[tuple[str, frozenset[str]], float]:
    """The value of each sample by its name and the values of its labels."""
    families = text_string_to_metric_families(meters.told()[0].decode())
    return {(each.name, frozenset(each.labels.values())): each.value for family in families for each in family.samples}


def test_every_metric_is_on_the_page_with_its_type_and_labels_and_no_other() -> None:
    rows = re.findall(r"^\| `(bellwether_\w+)` \| (\w+) \|([^|]*)\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {name: (kind, {label.strip() for label in labels.split(",")} - {""}) for name, kind, labels in rows}
    told = {}
    for family in text_string_to_metric_families(everything().told()[0].decode()):
        if family.name.startswith("bellwether_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            told[name] = family.type, {label for each in family.samples for label in each.labels} - {"le"}
    assert documented == told


def test_the_page_asks_for_nothing_that_is_not_told() -> None:
    named = set(re.findall(r"\bbellwether_\w+", PAGE.read_text(encoding="utf-8")))
    told = {name for name, _ in samples(everything()) if name.startswith("bellwether_")}
    histograms = {name.removesuffix("_bucket") for name in told if name.endswith("_bucket")}
    assert named - told - histograms == set()


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("bars_total", (), 3),
        ("source_failures_total", ("far", "does_not_answer"), 1),
        ("rows_at_fault_total", ("near", "far_from_the_price_before", "held"), 2),
        ("rows_at_fault_total", ("none", "not_there", "none"), 1),
        ("evaluations_total", (), 29),
        ("events_total", ("rut-record-close", "fired", "high"), 1),
        ("alert_latency_seconds_bucket", ("telegram", "30.0"), 0),
        ("alert_latency_seconds_bucket", ("telegram", "45.0"), 1),
        ("phase", ("working",), 1),
        ("phase", ("standing by",), 0),
        ("telegram_heard", (), 1),
        ("event_loop_lag_seconds", (), 0.25),
        ("guard_state", ("the outbox", "silent"), 1),
        ("guard_restarts", ("the outbox",), 2),
        ("source_up", ("near",), 1),
        ("source_up", ("far",), 0),
        ("source_last_answer_age_seconds", ("near",), 7),
        ("newest_bar_age_seconds", ("RUT", "1d"), 600),
        ("rules_ready", (), 28),
        ("owed_deliveries", ("telegram",), 3),
        ("owed_oldest_age_seconds", ("telegram",), 40),
        ("owed_oldest_age_seconds", ("further",), 0),
        ("database_write_age_seconds", (), 12.5),
        ("database_size_bytes", (), 4_096),
    ],
)
def test_what_happened_and_what_is_so_is_told(name: str, labels: tuple[str, ...], value: float) -> None:
    assert samples(everything())[f"bellwether_{name}", frozenset(labels)] == value


@pytest.mark.parametrize(
    ("changed", "absent"),
    [
        ({"work": None}, ("rules", "owed_deliveries", "telegram_heard", "database_up")),
        (
            {"work": replace(WORK, store=StoreLook(95.0, "database is locked"))},
            ("owed_deliveries", "database_size_bytes"),
        ),
        ({"work": replace(WORK, front=NO_TOKEN)}, ("telegram_heard",)),
    ],
    ids=["before the work", "a database that is locked", "without a token"],
)
def test_what_is_not_known_is_absent_and_no_number(changed: dict[str, Any], absent: tuple[str, ...]) -> None:
    told = {name for name, _ in samples(everything(replace(CONDITION, **changed)))}
    assert told.isdisjoint(f"bellwether_{name}" for name in absent)
    assert "bellwether_ready" in told


def test_a_figure_that_cannot_be_read_costs_no_other_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    meters = everything(replace(CONDITION, work=replace(WORK, rules_ready="many")))  # type: ignore[arg-type]
    meters.told()
    told = samples(meters)
    assert told["bellwether_scrape_errors_total", NONE] == 1.0
    assert told["bellwether_rules", NONE] == 29
    assert ("bellwether_rules_ready", NONE) not in told
    assert [each.getMessage() for each in caplog.records] == ["a figure cannot be read"]


def test_a_condition_that_cannot_be_read_leaves_the_counters() -> None:
    def broken() -> Condition:
        raise RuntimeError("gone")

    meters = Meters()
    meters.reads(broken, lambda _: True)
    meters.polled(1)
    told = samples(meters)
    assert told["bellwether_polls_total", NONE] == 1.0
    assert ("bellwether_ready", NONE) not in told


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        (
            "application/openmetrics-text; version=1.0.0; q=0.8, text/plain",
            "application/openmetrics-text; version=1.0.0",
        ),
        ("application/openmetrics-text; version=nonsense", "text/plain; version=0.0.4"),
        (
            "application/openmetrics-text; version=1.0.0; escaping=nonsense",
            "application/openmetrics-text; version=1.0.0",
        ),
        (";;,,\x7f" * 100, "text/plain; version=0.0.4"),
    ],
)
def test_either_form_is_told_to_whoever_asks_for_it(accept: str, content_type: str) -> None:
    body, told = everything().told(accept)
    assert told.startswith(content_type)
    parse = of_openmetrics if "openmetrics" in told else text_string_to_metric_families
    assert "bellwether_alert_latency_seconds" in {family.name for family in parse(body.decode())}
    assert "_created" not in body.decode()
