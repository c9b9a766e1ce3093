"""What every command keeps: it helps, it answers its example, it refuses in a sentence, and nothing makes it raise."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import commands
from bot.commands.registry import (
    LONGEST_LINE,
    NOT_AN_ADMIN,
    NOT_LET_IN,
    NOT_THEIR_GROUP,
    Command,
    Desk,
    Wants,
    all_commands,
    answer,
)
from bot.render.alerts import SIMULATED
from tests.bot.commands.desks import GROUP, PRIVATE, live, offline
from tests.bot.markets import seen
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

NAMES = sorted(all_commands())
OF_NO_PRICES = {  # of whose answers nothing depends on a price
    "alerts", "allow", "ask", "broadcast", "deny", "digest", "forget", "health", "help", "id", "mute", "quiet",
    "reload", "snooze", "start", "stop", "subscribe", "timezone", "users",
}  # fmt: skip
TAKES_ANYTHING = {"broadcast"}


@pytest.fixture(params=["terminal", "private", "group"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """Every kind of place that a question comes from."""
    view = seen()
    return {"terminal": offline(view), "private": live(view), "group": live(view, GROUP)}[request.param]


@pytest.fixture(params=NAMES)
def command(request: pytest.FixtureRequest) -> Command:
    return all_commands()[request.param]


def ask(desk: Desk, line: str) -> str:
    """The answer as a reader sees it; fails where Telegram would refuse it."""
    html = answer(desk, line).html
    assert_telegram_accepts(html)
    return TelegramReader(html).text


def refused(command: Command, text: str) -> str:
    """The sentence of a refusal, which ends with usage and example."""
    sentence, usage, example_line = text.rsplit("\n", 2)
    assert usage == f"Usage: {command.usage}"
    assert example_line == f"Example: {command.example}"
    return sentence


def test_these_commands_are_never_missing() -> None:
    """A further one is a file, and no line here."""
    assert set(NAMES) >= {
        "alert", "alerts", "allow", "ask", "backtest", "broadcast", "chart", "corr", "deny", "digest", "forget",
        "health", "help", "history", "id", "mute", "price", "quiet", "regime", "reload", "rule", "rules", "snooze",
        "start", "stats", "status", "stop", "subscribe", "test", "timezone", "users", "why",
    }  # fmt: skip


def test_every_file_enters_the_command_of_its_name() -> None:
    files = {each.name for each in pkgutil.iter_modules(commands.__path__)}
    assert files - {"registry", "reading"} == set(NAMES)


def test_a_command_says_what_it_does_and_how_it_is_written(command: Command) -> None:
    assert command.usage.split()[0] == f"/{command.name}"
    assert command.example.split()[0] == f"/{command.name}"
    assert command.summary
    assert command.run.__doc__


def test_help_tells_of_it_alone_and_among_all(command: Command, desk: Desk) -> None:
    for alone in (ask(desk, f"/help {command.name}"), ask(desk, f"/help /{command.name}")):
        assert alone.split("\n\n")[0] == f"{command.usage}\n{command.summary}\nExample: {command.example}"
    overview = ask(desk, "/help").split("\n")
    told = any(line.startswith(f"/{command.name} {command.summary[:8]}") for line in overview)
    assert told is not command.strangers


def test_its_example_is_answered(command: Command, desk: Desk) -> None:
    text = ask(desk, command.example)
    assert "Usage:" not in text
    assert "There is no command" not in text


def test_its_answer_about_simulated_prices_says_so(command: Command, desk: Desk) -> None:
    quiet = OF_NO_PRICES if desk.status else OF_NO_PRICES | {"status"}
    if command.name not in quiet:
        told = ask(desk, command.example)
        assert SIMULATED in told, "an answer that tells no price is that of a command in OF_NO_PRICES"


def test_wrong_words_are_refused_with_usage_and_example(command: Command, desk: Desk) -> None:
    if command.name in TAKES_ANYTHING:
        return
    sentence = refused(command, ask(desk, f"/{command.name} nonsense words that mean nothing here at all"))
    assert sentence
    assert "\n" not in sentence


def test_too_many_words_are_refused(command: Command, desk: Desk) -> None:
    if command.name in TAKES_ANYTHING:
        return
    refused(command, ask(desk, f"{command.example} and then some more words beyond"))


@pytest.mark.parametrize("spelling", ["/{}", "{}", "//{}", "/{}@BellwetherBot", "/{upper}", "  /{}  "])
def test_it_is_found_however_it_is_spelled(command: Command, desk: Desk, spelling: str) -> None:
    name, _, rest = command.example.lstrip("/").partition(" ")
    found, usual = answer(desk, f"{spelling.format(name, upper=name.upper())} {rest}"), answer(desk, command.example)
    assert (found.html, found.changes, type(found.picture)) == (usual.html, usual.changes, type(usual.picture))


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="<>&;\"'/bicodepre", max_size=60),
    st.sampled_from(
        [
            "<b>", "</b>", "&lt;", "&amp;amp;", "<script>alert(1)</script>", "%s%n", "{0}", "../../etc/passwd", "\x00",
            "\u202e", "\U0001f7e0" * 30, "é" * 40, "İ", "ß", "\udc80", "-1", "0", "1e9", "٣", "1" * 400, "RUT", "rut",
            "SOL", "drawdown", "rut-record-close", "000000000060999", "--", "*", "_", "`", "@", "/", "//", "@x",
        ]
    ),
    st.integers(0, 5_000).map(lambda n: "x" * n),
    st.integers(0, 1_000).map(lambda n: "<" * n),
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@given(words=st.lists(HOSTILE, max_size=4))
@example(words=["<" * 4096])
@example(words=["\U0001f7e0" * 4096])
@example(words=["&" * 990])
@example(words=["RUT", "SOL", "1" * 900])
@example(words=["RUT", "SOL", "000000000060999"])
@example(words=["RUT", "\x00"])
@example(words=["yes"])
def test_nothing_a_user_types_makes_it_raise_or_answer_what_telegram_refuses(name: str, words: list[str]) -> None:
    for desk in (offline(seen()), live(seen())):
        ask(desk, f"/{name} {' '.join(words)}")


@given(line=HOSTILE)
@example(line="")
@example(line="/")
@example(line="/@")
@example(line="\n\n")
@example(line="x" * 4096)
def test_nothing_a_user_types_in_place_of_a_command_makes_it_raise(line: str) -> None:
    ask(offline(seen()), line)


def test_a_line_without_words_is_shown_the_way(desk: Desk) -> None:
    for line in ("", "   ", "\n"):
        assert ask(desk, line) == "Write a command; /help lists them."


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/cor RUT SOL", "There is no command /cor; did you mean corr?"),
        ("/regmie", "There is no command /regmie; did you mean regime?"),
        ("prices", "There is no command prices; did you mean price?"),
        ("/xyz", "There is no command /xyz; /help lists them"),
        ("/correlation RUT SOL", "There is no command /correlation; did you mean corr?"),
        ("/sub", "There is no command /sub; did you mean subscribe?"),
        ("/" + "y" * 300, f"There is no command /{'y' * 23}...; /help lists them"),
        ("btc", "A line begins with a command: /price BTC, or /alert BTC -5%"),
        ("rut record", "A line begins with a command: /price RUT, or /alert RUT record"),
        ("<b>", "There is no command <b>; /help lists them"),
    ],
)
def test_an_unknown_command_is_told_the_nearest(desk: Desk, line: str, sentence: str) -> None:
    assert ask(desk, line) == sentence


# Who may what, and where


def test_without_words_it_is_answered_or_refused_in_a_sentence(command: Command, desk: Desk) -> None:
    ask(desk, f"/{command.name}")


def test_a_stranger_is_answered_by_none_but_a_request_to_be_let_in(command: Command) -> None:
    stranger = replace(PRIVATE, admin=False, stranger=True)
    for line in (command.example, f"/{command.name}", f"/{command.name} nonsense"):
        reply = answer(live(seen(), stranger), line)
        if command.name == "ask":
            assert reply.html != NOT_LET_IN
        else:
            assert (reply.html, reply.changes, reply.buttons) == (NOT_LET_IN, (), ())


def test_what_is_for_administrators_is_for_nobody_else(command: Command) -> None:
    reply = answer(live(seen(), replace(PRIVATE, admin=False)), command.example)
    assert (reply.html == NOT_AN_ADMIN) is command.admins
    assert not (command.admins and reply.changes)


def test_in_a_group_only_its_administrators_say_how_it_is_told(command: Command) -> None:
    member = replace(GROUP, admin=False, configures=False)
    reply = answer(live(seen(), member), command.example)
    assert (reply.html == NOT_THEIR_GROUP) is command.configures
    if not command.admins and Wants.ROSTER not in command.wants:
        assert reply.changes == ()


def test_who_may_not_use_it_is_not_told_of_it(command: Command) -> None:
    overview = ask(live(seen(), replace(PRIVATE, admin=False)), "/help")
    assert (f"\n/{command.name} " in overview) is not (command.admins or command.strangers)


# Buttons


def test_every_button_leads_somewhere(command: Command, desk: Desk) -> None:
    """What Telegram takes as a button, and a line that is a command with words that it takes."""
    for button in chain.from_iterable(answer(desk, command.example).buttons):
        assert 1 <= len(button.label) <= 40
        assert len(button.line) <= LONGEST_LINE
        text = ask(desk, button.line)
        assert "There is no command" not in text
        assert "Usage:" not in text
