"""Which events share a message: every one is told once, under a change of the regime, with what is told together, or on
its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.announce import News, is_told, messages
from bot.delivery.grouping import COMPONENT, TOGETHER, Group, grouped, heads, serves_grouping
from bot.render.alerts import MOST, REGIME
from bot.render.numbers import session_of
from bot.settings import load_settings
from bot.store.messages import Message
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, XNYS, AlertEvent, Delivery, Edge, Instant, Severity
from tests.bot.markets import SESSIONS, at
from tests.bot.render.html import assert_telegram_accepts

NEWS = News(SESSIONS.next_open, 2 * 3_600, 24 * 3_600)
WEDNESDAY, THURSDAY = at("2025-12-03T21:00Z"), at("2025-12-04T21:00Z")
PACK = load_settings().compiled


def rule(name: str, *tags: str, **changes: object) -> CompiledRule:
    """A rule of which only the name, the tags and how it is told matter."""
    known = next(each for each in PACK if each.rule.id == "vix-25")
    return replace(known, rule=replace(known.rule, id=name, tags=tags, **changes))  # type: ignore[arg-type]


MANY = tuple(f"part{number}" for number in range(MOST + 2))
LADDER, COINS = f"{TOGETHER}ladder", f"{TOGETHER}coins"
CROWD = tuple(f"coin{number}" for number in range(MOST + 3))
RULES = {
    each.rule.id: each
    for each in (
        rule("own", "russell"),
        rule("part", "volatility", COMPONENT),
        rule("once", COMPONENT, delivery=Delivery.AT_MOST_ONCE),
        rule("change", REGIME, delivery=Delivery.AT_MOST_ONCE),
        rule("other", REGIME),
        rule("both", COMPONENT, REGIME),
        *(rule(name, COMPONENT, notify_resolved=True) for name in MANY),
        rule("low", LADDER, "volatility"),
        rule("high", "volatility", LADDER),
        rule("top", COMPONENT, LADDER),
        *(rule(name, COINS) for name in CROWD),
    )
}


def event(
    name: str,
    edge: Edge = Edge.FIRED,
    when: Instant = WEDNESDAY,
    severity: Severity = Severity.NOTICE,
    clock: str = XNYS,
) -> AlertEvent:
    return AlertEvent(name, edge, when, session_of(when), severity, name, clock)


def fired(names: str) -> list[AlertEvent]:
    """`"change part"`: what fired at the close of Wednesday."""
    return [event(name) for name in names.split()]


def told(*ticks: Iterable[AlertEvent], rules: Mapping[str, CompiledRule] = RULES) -> list[str]:
    """What goes out tick after tick: `"change + part (once)"`, of which `once` was told before."""
    store: list[AlertEvent] = []
    out = []
    for tick in ticks:
        fresh = list(tick)
        store += fresh  # as in the transaction of a tick, they are recorded first
        for group in grouped(fresh, rules, store):
            earlier = f" ({' '.join(each.rule for each in group.before)})" if group.before else ""
            out.append(" + ".join(each.rule for each in (group.head, *group.parts)) + earlier)
    return out


# Together


def test_components_of_a_change_are_told_by_its_message() -> None:
    assert told(fired("part own change once")) == ["own", "change + part + once"]


def test_a_component_without_a_change_is_told_on_its_own() -> None:
    assert told(fired("part own once")) == ["part", "own", "once"]


def test_a_component_that_comes_later_is_told_on_its_own() -> None:
    assert told(fired("change"), fired("part")) == ["change", "part"]


def test_a_component_that_came_before_is_recalled() -> None:
    assert told(fired("part own"), fired("change once"), fired("part0")) == [
        "part",
        "own",
        "change + once (part)",
        "part0",
    ]


def test_of_two_changes_of_a_close_the_first_leads() -> None:
    assert told(fired("part change other once")) == ["change + part + once", "other"]


def test_a_second_change_of_a_close_that_comes_later_leads_what_comes_with_it() -> None:
    assert told(fired("change part"), fired("other once")) == ["change + part", "other + once (part)"]


def test_a_change_is_no_component_of_another() -> None:
    assert told(fired("change both part")) == ["change + part", "both"]
    assert told(fired("both part change")) == ["both + part", "change"]


def test_a_message_takes_six_and_those_are_the_loudest() -> None:
    components = [event(name) for name in MANY]
    components[-1] = replace(components[-1], severity=Severity.CRITICAL)
    components[-2] = replace(components[-2], severity=Severity.HIGH)
    loudest = [MANY[-1], MANY[-2], *MANY[: MOST - 2]]
    assert told([*components, event("change")]) == [*MANY[MOST - 2 : MOST], " + ".join(("change", *loudest))]


def test_every_close_has_a_group_of_its_own() -> None:
    """After a day without a network."""
    days = [event(name, when=when) for when in (WEDNESDAY, THURSDAY) for name in ("part", "change")]
    assert told(days) == ["change + part"] * 2
    assert told(days[:1], days[1:]) == ["part", "change (part)", "change + part"]
    assert told([days[0], days[3]]) == ["part", "change"]


# Alike


def test_rules_that_are_told_together_share_a_message_and_the_last_of_them_leads() -> None:
    assert told(fired("low own high")) == ["own", "high + low"]
    assert told(fired("low coin0 high coin1")) == ["high + low", "coin1 + coin0"]


def test_the_loudest_leads_wherever_it_stands() -> None:
    loud = event("low", severity=Severity.HIGH)
    assert told([loud, *fired("high own")]) == ["low + high", "own"]
    assert told([*fired("coin0 coin1"), event("coin2", severity=Severity.INFO)]) == ["coin1 + coin0 + coin2"]


def test_one_alone_stands_alone() -> None:
    assert told(fired("low own coin0")) == ["low", "own", "coin0"]


def test_a_change_of_the_regime_goes_before() -> None:
    """It takes its components; the others are still told together."""
    assert told(fired("low high top change")) == ["high + low", "change + top"]
    assert told(fired("low high top")) == ["top + high + low"]


def test_what_comes_later_is_told_on_its_own_and_recalls_nothing() -> None:
    assert told(fired("low"), fired("high top")) == ["low", "top + high"]


def test_a_crowd_takes_as_many_messages_as_it_needs() -> None:
    first, second = CROWD[: -1 - MOST], CROWD[-1 - MOST :]
    assert told(fired(" ".join(CROWD))) == [" + ".join(reversed(first)), " + ".join(reversed(second))]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(event("low", Edge.RESOLVED), id="it is over"),
        pytest.param(event("low", when=THURSDAY), id="another close"),
        pytest.param(event("low", clock=ALWAYS), id="another calendar whose row ends then too"),
        pytest.param(replace(event("low"), provisional=True), id="a session in progress"),
        pytest.param(event("removed"), id="its rule was removed"),
        pytest.param(event("coin0"), id="told together with others"),
    ],
)
def test_what_is_not_of_the_close_is_not_told_with_it(other: AlertEvent) -> None:
    assert told([other, event("high")]) == [other.rule, "high"]


def test_tags_that_serve_grouping_say_nothing_to_a_reader() -> None:
    tags = dict.fromkeys(tag for each in PACK for tag in each.rule.tags)
    hidden = {tag for tag in tags if serves_grouping(tag)}
    assert COMPONENT in hidden
    assert {"russell", "turn", REGIME} <= tags.keys() - hidden
    assert not [tag for tag in tags.keys() - hidden if "together" in tag]


# Apart


@pytest.mark.parametrize(
    "component",
    [
        pytest.param(event("part", Edge.RESOLVED), id="it is over"),
        pytest.param(event("part", Edge.NO_DATA), id="it has no data"),
        pytest.param(event("part", Edge.DATA_BACK), id="its data is back"),
        pytest.param(event("part", when=THURSDAY), id="another close"),
        pytest.param(event("part", clock=ALWAYS), id="another calendar whose row ends then too"),
        pytest.param(replace(event("part"), provisional=True), id="a session in progress"),
        pytest.param(event("own"), id="no component"),
        pytest.param(event("removed"), id="its rule was removed"),
    ],
)
def test_what_is_no_component_of_the_close_stands_apart_and_is_not_recalled(component: AlertEvent) -> None:
    assert told([component, event("change")]) == [component.rule, "change"]
    assert told([component], [event("change")]) == [component.rule, "change"]


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(event("change", Edge.RESOLVED), id="it is over"),
        pytest.param(event("change", Edge.NO_DATA), id="it has no data"),
        pytest.param(event("change", Edge.DATA_BACK), id="its data is back"),
        pytest.param(replace(event("change"), provisional=True), id="a session in progress"),
        pytest.param(event("removed"), id="its rule was removed"),
    ],
)
def test_what_is_no_change_of_the_regime_leads_nothing(head: AlertEvent) -> None:
    assert heads([head], RULES) == {}
    assert told([event("part"), head]) == ["part", head.rule]


def test_a_component_whose_rule_was_removed_between_two_ticks_is_not_recalled() -> None:
    without = {name: each for name, each in RULES.items() if name != "part"}
    assert told(fired("part"), fired("change once"), rules=without) == ["part", "change + once"]


# The message


def message(*events: AlertEvent, recorded: Iterable[AlertEvent] = ()) -> Message:
    (one,) = messages(events, RULES, NEWS, recorded)
    return one


def test_a_message_of_several_carries_the_times_of_their_close() -> None:
    grouped_one, alone = message(event("change"), event("part")), message(event("part"))
    assert grouped_one.parts == (event("part").key,)
    assert (grouped_one.late_after, grouped_one.expires_at) == (alone.late_after, alone.expires_at)


@pytest.mark.parametrize(
    ("head", "part", "silent"),
    [
        (Severity.NOTICE, Severity.INFO, True),
        (Severity.NOTICE, Severity.HIGH, False),
        (Severity.CRITICAL, Severity.INFO, False),
    ],
)
def test_it_is_silent_if_every_one_of_them_would_be(head: Severity, part: Severity, silent: bool) -> None:
    assert message(event("change", severity=head), event("part", severity=part)).silent is silent


@pytest.mark.parametrize(
    ("head", "part", "policy"),
    [
        ("change", "once", Delivery.AT_MOST_ONCE),
        ("change", "part", Delivery.AT_LEAST_ONCE),
        ("other", "once", Delivery.AT_LEAST_ONCE),
    ],
)
def test_it_goes_as_often_as_the_one_of_them_that_must_arrive(head: str, part: str, policy: Delivery) -> None:
    assert message(event(head), event(part)).policy is policy


def test_what_was_told_before_makes_no_sound_and_asks_for_nothing() -> None:
    before = event("part", severity=Severity.CRITICAL)
    recalling = message(event("change"), recorded=[before, event("change")])
    assert (recalling.parts, recalling.silent, recalling.policy) == ((), True, Delivery.AT_MOST_ONCE)
    assert "Told before:\n🔴 part" in recalling.html


def test_signs_in_a_title_do_not_cost_the_message() -> None:
    odd = replace(event("part"), title='<b>VIX & "co"</b> <script>')
    html = message(event("change"), odd, recorded=[replace(odd, rule="once")]).html
    assert_telegram_accepts(html)
    assert html.count("&lt;script&gt;") == 2


# Whatever happens

ORDER = {name: index for index, name in enumerate(RULES)}
happenings = st.builds(
    lambda name, edge, when, severity, clock, provisional: replace(
        event(name, edge, when, severity, clock), provisional=provisional
    ),
    st.sampled_from(list(RULES)),
    st.sampled_from([Edge.FIRED] * 6 + list(Edge)),
    st.sampled_from([WEDNESDAY, WEDNESDAY, WEDNESDAY, THURSDAY]),
    st.sampled_from(list(Severity)),
    st.sampled_from([XNYS, XNYS, XNYS, ALWAYS]),
    st.sampled_from([False] * 9 + [True]),
)
ticks = st.lists(st.tuples(happenings, st.integers(0, 2)), max_size=30, unique_by=lambda each: each[0].key)


@given(ticks)
def test_whatever_happens_in_whatever_ticks_everything_is_told_once_and_in_its_order(
    happened: list[tuple[AlertEvent, int]],
) -> None:
    store: list[AlertEvent] = []
    for tick in range(3):
        fresh = sorted((each for each, of in happened if of == tick), key=lambda each: (each.at, ORDER[each.rule]))
        out = messages(fresh, RULES, NEWS, [*store, *fresh])
        should_be_told = [each for each in fresh if is_told(each, RULES[each.rule])]
        known = {each.key: each for each in fresh}
        under = [part for each in out for part in each.parts]
        own = [known[each.event] for each in out]
        assert sorted((*(each.key for each in own), *under)) == sorted(each.key for each in should_be_told)
        assert own == [each for each in should_be_told if each.key not in under]
        for each, head in zip(out, own, strict=True):
            assert (each.late_after, each.expires_at) == (NEWS.late_after(head), NEWS.expires_at(head))
        found = grouped(should_be_told, RULES, [*store, *fresh])
        for group in found:
            assert_grouped_rightly(group, own, store)
            assert_as_few_as_can_be(group, found)
        store += fresh


def _row(event: AlertEvent) -> tuple[object, ...]:
    return event.edge, event.clock, event.at, event.provisional


def assert_grouped_rightly(group: Group, own: list[AlertEvent], store: list[AlertEvent]) -> None:
    """A change leads components of its close, all for which there is room, and recalls all that were told before; what
    is told together is so as far as there is room; one that lost its data, or has it back, leads all of its row that
    did."""
    if group.head.edge in (Edge.NO_DATA, Edge.DATA_BACK):
        alike = [each for each in (group.head, *group.parts) if _row(each) == _row(group.head)]
        assert len(alike) == 1 + len(group.parts)
        assert [each for each in own if _row(each) == _row(group.head)] == [group.head]
        return
    if group.head not in heads(own, RULES).values():
        assert group.before == ()
        assert all(is_told_with(group.head, each) for each in group.parts)
        return
    left, earlier = (components_of(group.head, events) for events in (own, store))
    assert list(group.parts) == components_of(group.head, group.parts)
    assert len(group.parts) == MOST if left else len(group.parts) <= MOST
    assert sorted(each.key for each in group.before) == sorted(each.key for each in earlier)


def assert_as_few_as_can_be(group: Group, every: list[Group]) -> None:
    """What is told together takes no more messages than it needs."""
    alike = [each for each in every if is_told_with(group.head, each.head)]
    members = sum(1 + len(each.parts) for each in alike)
    assert len(alike) == -(-members // (1 + MOST))


def is_told_with(head: AlertEvent, each: AlertEvent) -> bool:
    """Whether both fired at one close and share the tag for it."""
    shared = {tag for tag in RULES[head.rule].rule.tags if tag.startswith(TOGETHER)} & {*RULES[each.rule].rule.tags}
    fired_at_closes = not (head.provisional or each.provisional) and head.edge is each.edge is Edge.FIRED
    return bool(shared) and fired_at_closes and _row(head) == _row(each)


def components_of(head: AlertEvent, events: Iterable[AlertEvent]) -> list[AlertEvent]:
    """Those that fired at its close."""
    tags = {name: each.rule.tags for name, each in RULES.items()}
    return [
        each
        for each in events
        if (each.edge, each.provisional, each.clock, each.at) == (Edge.FIRED, False, head.clock, head.at)
        and COMPONENT in tags[each.rule]
        and REGIME not in tags[each.rule]
    ]
