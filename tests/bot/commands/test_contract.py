"""What every command keeps: it helps, it answers its example, it refuses in a sentence, and nothing makes it raise."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands.registry import Command, Desk, all_commands, answer
from bot.render.alerts import SIMULATED
from tests.bot.commands.desks import GROUP, live, offline
from tests.bot.markets import simulated
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

NAMES = sorted(all_commands())
OF_NO_PRICES = {"forget", "health", "help", "id", "reload", "start", "stop"}


@pytest.fixture(params=["terminal", "private", "group"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """Every kind of place that a question comes from."""
    view = simulated().view()
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


def test_these_are_the_commands() -> None:
    assert NAMES == [
        "corr", "forget", "health", "help", "history", "id", "price", "regime", "reload", "rule", "rules", "start",
        "status", "stop",
    ]  # fmt: skip


def test_a_command_says_what_it_does_and_how_it_is_written(command: Command) -> None:
    assert command.usage.split()[0] == f"/{command.name}"
    assert command.example.split()[0] == f"/{command.name}"
    assert command.summary
    assert command.run.__doc__


def test_help_tells_of_it_alone_and_among_all(command: Command, desk: Desk) -> None:
    for alone in (ask(desk, f"/help {command.name}"), ask(desk, f"/help /{command.name}")):
        assert alone.split("\n\n")[0] == f"{command.usage}\n{command.summary}\nExample: {command.example}"
    overview = ask(desk, "/help")
    assert command.usage in overview
    assert command.summary in overview


def test_its_example_is_answered(command: Command, desk: Desk) -> None:
    text = ask(desk, command.example)
    assert "Usage:" not in text
    assert "There is no command" not in text


def test_its_answer_about_simulated_prices_says_so(command: Command, desk: Desk) -> None:
    quiet = OF_NO_PRICES if desk.status else OF_NO_PRICES | {"status"}
    if command.name not in quiet:
        assert SIMULATED in ask(desk, command.example)


def test_wrong_words_are_refused_with_usage_and_example(command: Command, desk: Desk) -> None:
    sentence = refused(command, ask(desk, f"/{command.name} nonsense words that mean nothing here at all"))
    assert sentence
    assert "\n" not in sentence


def test_too_many_words_are_refused(command: Command, desk: Desk) -> None:
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
    for desk in (offline(simulated().view()), live(simulated().view())):
        ask(desk, f"/{name} {' '.join(words)}")


@given(line=HOSTILE)
@example(line="")
@example(line="/")
@example(line="/@")
@example(line="\n\n")
@example(line="x" * 4096)
def test_nothing_a_user_types_in_place_of_a_command_makes_it_raise(line: str) -> None:
    ask(offline(simulated().view()), line)


def test_a_line_without_words_is_shown_the_way(desk: Desk) -> None:
    for line in ("", "   ", "\n"):
        assert ask(desk, line) == "Write a command; /help lists them."


THERE_ARE = ", ".join(f"/{name}" for name in NAMES)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/cor RUT SOL", "There is no command /cor; did you mean corr?"),
        ("/regmie", "There is no command /regmie; did you mean regime?"),
        ("prices", "There is no command prices; did you mean price?"),
        ("/xyz", f"There is no command /xyz; there are {THERE_ARE}"),
        ("<b>", f"There is no command <b>; there are {THERE_ARE}"),
    ],
)
def test_an_unknown_command_is_told_the_nearest(desk: Desk, line: str, sentence: str) -> None:
    assert ask(desk, line) == sentence
