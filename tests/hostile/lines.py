"""Lines that nobody should write and somebody will: words of commands in any order, numbers of every form, markup,
other scripts, other bots' commands, and what Telegram lets through at its longest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from bot.commands.registry import all_commands
from rules.functions.registry import vocabulary

LONGEST = 4_096
"""UTF-16 units of a message that Telegram takes."""

NUMBERS = (
    "0", "-0", "-1", "1", "2", "3", "60", "999999999999", "1e308", "1e999", "-1e-308", "nan", "inf", "-inf", "0x1F",
    "1_000", "70k",
    "70 000", "70,000", "1,5M", "1.5M", "1.5m", "5%", "5 %", "%5", "%%", "$120", "€9", "½", "²", "٣", "१२३",
    "\uff11\uff12\uff10",
    "−5%", "–5%",
    "+5%", "++5", "00000000000060", "1" * 400, "0.1" + "0" * 300, "1d", "1h", "30d", "-3d", "99999d", "2025-02-30",
    "2026-12-31",
    "08:00", "25:00", "08:60", "22:00-07:00", "22-7", "7am", "#1", "#0", "#-1", "#99999999999", "#", "1/0", "..",
    "1..2",
)  # fmt: skip

SCRIPTS = (
    "<b>", "</b>", "<b", "&lt;", "&amp;amp;", "<script>alert(1)</script>", "<a href='tg://user?id=1'>x</a>", "&#0;",
    "&#x110000;",
    "\x00", "\x07", "\x1b[31m", "\u202e", "\u2066\u2069", "\u200d", "\ufeff", "\u0300" * 40, "\U0001f7e0" * 30,
    "👨\u200d👩\u200d👧\u200d👦", "🇩🇪",
    "שלום", "مرحبا", "مرحبا 120 <", "日本語", "ДЛИННОЕ", "İstanbul", "ß", "ﬁ", "é" * 40, "\udc80", "\ud83d", "\uffff",
    "\U0010ffff",
    "%s%n%x", "{0}", "{self}", "$(reboot)", "`id`", "'; DROP TABLE chats; --", "../../etc/passwd", "C:\\con",
    "\\N{BULLET}",
    "http://a.example/?q=<>&", "@someone", "@x", "/", "//", "/@", "--help", "-", "=", "==", "<", ">", "<=", ">=",
    "!=", "↓", "→", "*", "_", "~",
)  # fmt: skip

WORDS = (
    "RUT", "rut", "SPX", "VIX", "BTC", "sol", "ADA", "Sol", "bitcoin", "russell", "small", "caps", "ALTS", "RISK",
    "CORE", "record",
    "corr", "coupled", "above", "below", "under", "over", "falls", "rises", "from", "rally", "drawdown", "regime",
    "risk-off",
    "RISK_OFF", "once", "always", "close", "live", "for", "until", "save", "edit", "pause", "resume", "remove",
    "again", "anchor", "yes",
    "no", "on", "off", "silent", "digest", "list", "now", "today", "high", "critical", "notice", "info", "#russell",
    "#regime", "UTC",
    "Europe/Berlin", "New", "York", "Berlin", "rut-record-close", "vix-25", "regime-risk-off", "rut-sol-coupled",
    "history", "gauges",
    "why", "and", "or", "not", "(", ")", ",", "close(RUT)", "record(RUT)", "p_corr(RUT, SOL, above=0.6)", "a1b2c3",
    "ffffff", "send",
)  # fmt: skip


def hostile_lines(chance: random.Random) -> Iterator[str]:
    """Without end; the same for the same `chance`."""
    ways = (
        _of_words,
        _of_words,
        _of_words,
        _of_an_example,
        _of_an_example,
        _of_an_expression,
        _for_another_bot,
        _long,
        _raw,
    )
    while True:
        yield _as_telegram_has_it(chance.choice(ways)(chance))


def _of_words(chance: random.Random) -> str:
    """A command and whatever may follow one."""
    return " ".join((_command(chance), *_some(chance, 6)))


def _of_an_example(chance: random.Random) -> str:
    """A line that means something, with something wrong in it."""
    words = chance.choice(list(all_commands().values())).example.split()
    for _ in range(chance.randint(0, 3)):
        place = chance.randrange(len(words) + 1)
        words[place : place + chance.randint(0, 1)] = _some(chance, 2)
    return " ".join(words)


def _of_an_expression(chance: random.Random) -> str:
    """`/alert` with something like the rule language behind it."""
    parts = [chance.choice((*sorted(vocabulary()), *WORDS)) for _ in range(chance.randint(1, 9))]
    glue = [chance.choice((" ", "(", ")", ", ", " > ", " < ", " and ", " - ", "=", "")) for _ in parts]
    return f"/alert {''.join(a + b for a, b in zip(parts, glue, strict=True))}{chance.choice(NUMBERS)}"


def _for_another_bot(chance: random.Random) -> str:
    name = chance.choice(("otherbot", "bellwether_test_bot", "", "x" * 200, "<b>"))
    return f"{_command(chance)}@{name} {' '.join(_some(chance, 3))}"


def _long(chance: random.Random) -> str:
    return (
        f"{_command(chance)} {chance.choice((*SCRIPTS, *WORDS, *NUMBERS, ' ', chr(10))) * chance.randint(1, LONGEST)}"
    )


def _raw(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(0, 60)))


def _command(chance: random.Random) -> str:
    name = chance.choice((*all_commands(), "nope", ""))
    return chance.choice(("/", "/", "/", "", "//", "/ ")) + chance.choice((name, name, name.upper(), name[1:]))


def _some(chance: random.Random, most: int) -> Sequence[str]:
    return [chance.choice(chance.choice((NUMBERS, SCRIPTS, WORDS, WORDS))) for _ in range(chance.randint(0, most))]


def _as_telegram_has_it(line: str) -> str:
    """What a server would hand to a bot: no halves of characters, no NUL, not longer than it lets through."""
    whole = line.encode("utf-8", "replace").decode().replace("\0", " ")
    return whole.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", "ignore")
