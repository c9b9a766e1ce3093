"""What somebody might try, and what comes of it: markup in names, forged lines, strangers on the same machine.

Beside the tests that each part has of its own; docs/threat-model.md names both.
"""

from __future__ import annotations

import ast
import os
import re
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from telegram.error import BadRequest

from bot.answers.personal import rule_id
from bot.app import Options, open_app
from bot.commands.registry import all_commands, answer
from bot.render.charts import draw
from bot.settings import ConfigurationError, load_settings
from bot.store.database import Database
from bot.telegram.access import Access
from bot.telegram.answering import FAILED, Limits
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from bot.telegram.wire import LONGEST_REASON, reason
from tests.bot.commands import desks
from tests.bot.markets import NOW
from tests.bot.render.html import TelegramReader, assert_telegram_accepts
from tests.bot.store.stores import stored
from tests.bot.telegram.service import Pile, Story, arrives, live, until
from tests.servers.telegram import TelegramServer

ROOT = Path(__file__).resolve().parents[2]
MARKUP = '<a href=\\"https://evil.example\\">B&amp;TC</a> $\\\\frac{1}{0}$ \\u202e\\u0007'
"""A name as TOML has it: a link, an entity, mathematics, a change of direction and a bell."""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A configuration whose every free text is markup."""
    file = tmp_path / "hostile.toml"
    file.write_text(
        f'[instruments.RUT]\nname = "{MARKUP}"\n[instruments.SOL]\nname = "{MARKUP}"\n'
        f'[[rules]]\nid = "hostile"\nwhen = "close(RUT) > 1 and close(SOL) < 1e9"\ntitle = "{MARKUP}"\n',
        encoding="utf-8",
    )
    return file


def test_markup_in_names_and_titles_is_words_to_every_command(hostile: Path) -> None:
    view = open_app(Options(config=hostile, seed=7), NOW).view()
    asked = [each.example for each in all_commands().values()]
    for desk in (desks.offline(view), desks.live(view)):
        for line in [*asked, "/rule hostile", "/history hostile", "/corr RUT SOL 60", "/price RUT", "/price", "/rules"]:
            reply = answer(desk, line)
            assert_telegram_accepts(reply.html)
            assert "<a " not in reply.html, line
            assert "evil.example" not in TelegramReader(reply.html).text or "<a href" in TelegramReader(reply.html).text


def test_markup_in_names_is_drawn_as_it_is_written(hostile: Path) -> None:
    """What lies between two dollar signs is no mathematics."""
    view = open_app(Options(config=hostile, seed=7), NOW).view()
    picture = answer(desks.offline(view), "/corr RUT SOL 60").picture
    assert picture is not None
    assert draw(picture).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "said",
    [
        "bad\n2026-01-01 00:00:00Z CRITICAL run: all is lost",
        "bad\r\nsecond line",
        "\x1b[2Jcleared",
        "bad\u2028line\u2029end\x85",
        "\u202ebackwards",
        "x" * 10_000,
    ],
)
def test_what_telegram_or_a_proxy_says_is_one_short_line_of_the_log(said: str) -> None:
    told = reason(SimpleNamespace(token="7654321:AAHsecretOfTheTestBot_0123456789abc"), BadRequest(said))  # type: ignore[arg-type]
    assert len(told.splitlines()) == 1
    assert told.isprintable()
    assert len(told) <= LONGEST_REASON


def test_what_people_write_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nor their names: whatever fails, a line is named by its number."""
    caplog.set_level("DEBUG", "bot")
    letters = Pile()

    async def found(incoming: Incoming) -> str | None:
        if "fails" in incoming.text:
            raise ValueError("in a command")
        return "An answer"

    with TelegramServer() as server:

        async def story(service: TelegramService) -> None:
            server.hears("/fails PRIVATEWORDS", first_name="PRIVATENAME")
            await arrives(server, FAILED)
            letters.breaks(times=3)
            server.fails_with(403, times=1)
            server.hears("/again PRIVATEWORDS", first_name="PRIVATENAME")
            server.poisons()
            await until(lambda: len(letters.done) == 2)

        live(server, story, answer=found, letters=letters, limits=Limits(again=0.05, stop=2.0))
        live(server, story_of_a_stranger(server), access=Access())
    assert "PRIVATE" not in caplog.text
    assert "answer failed" in caplog.text


def story_of_a_stranger(server: TelegramServer) -> Story:
    async def story(service: TelegramService) -> None:
        server.hears("/start PRIVATEWORDS", chat=2_002, user=2_002, first_name="PRIVATENAME")
        await arrives(server, "Your id is 2002")

    return story


def test_nobody_else_on_the_machine_reads_the_database(tmp_path: Path) -> None:
    """It holds who is told what: its logs are like it, whatever the umask."""

    async def looked_at(database: Database) -> dict[str, int]:
        async with database.write():
            return {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("bellwether.db*")}

    before = os.umask(0)
    try:
        modes = stored(tmp_path, looked_at)
    finally:
        os.umask(before)
    assert modes.keys() >= {"bellwether.db", "bellwether.db-wal", "bellwether.db-shm"}
    assert set(modes.values()) == {0o600}


def test_no_command_that_goes_on_takes_a_secret_on_the_command_line() -> None:
    """Every process of the machine may read it there. `init` may be handed one, and says what is safer."""
    sources = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "bot" / "cli").glob("*.py")}
    options = {name: set(re.findall(r'"(--[a-z-]+)"', source)) for name, source in sources.items()}
    assert "--config" in set().union(*options.values())
    secret = re.compile("token|password|key|channel|store-url")
    assert {name for name, found in options.items() if any(map(secret.search, found))} <= {"init"}


_RUNS_WHAT_IT_READS = {
    "eval", "exec", "compile", "__import__", "pickle", "marshal", "shelve", "dill", "joblib", "yaml", "read_pickle",
    "system", "popen", "subprocess", "Popen",
}  # fmt: skip


def test_nothing_that_is_read_is_ever_run() -> None:
    """Rules are data: no line of ours can turn text or bytes into code, or start a program."""
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for folder in ("bot", "rules")
        for file in (ROOT / folder).rglob("*.py")
        for name in _called_or_imported(ast.parse(file.read_text(encoding="utf-8"))) & _RUNS_WHAT_IT_READS
    }
    assert found == set()


def _called_or_imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {(node.module or "").partition(".")[0], *(each.name for each in node.names)}
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                names.add(called.id)
            elif isinstance(called, ast.Attribute) and ast.unparse(called).startswith(("os.", "pd.", "builtins.")):
                names.add(called.attr)
    return names


def test_what_is_installed_is_what_was_locked() -> None:
    """Every package of every lock has its hashes, and is installed by them."""
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        packages = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^#.*\n", "", text))
        assert len(packages) > 30
        assert [each.splitlines()[0] for each in packages if "--hash=sha256:" not in each] == []
        assert re.search(r"https?://", text) is None, "from no index but the one that is configured"
    commands = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(
        "--require-hashes" in line
        for line in commands.splitlines()
        if "install" in line and ".lock" in line and "-r " in line
    )


def test_the_built_in_configuration_lets_nobody_in_and_listens_to_no_stranger() -> None:
    telegram = load_settings().telegram
    assert (telegram.allow, telegram.everyone, telegram.admins, telegram.webhook_url) == ((), False, (), "")
    assert telegram.webhook_listen.startswith("127.0.0.1:")
    assert load_settings().web.listen.startswith("127.0.0.1:")
    assert telegram.base_url.startswith("https://")


@pytest.mark.parametrize("name", ["#1", "#12.3", "#", "1.2"])
def test_a_personal_alert_is_never_called_like_a_configured_rule(tmp_path: Path, name: str) -> None:
    config = tmp_path / "my.toml"
    config.write_text(f'[[rules]]\nid = "{name}"\nwhen = "close(RUT) > 1"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load_settings(config)
    assert rule_id(12, 3) == "#12.3"
