"""`bellwether init`: five questions on a real terminal, or flags; a file that is right and only its owner reads."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.bot.cli.terminal import Terminal
from tests.servers.telegram import TOKEN, TelegramServer

ROOT = Path(__file__).resolve().parents[3]
URL = "ntfys://ntfy.sh/a-secret-topic"


class Sitting:
    """Somebody at a terminal: waits for words, and types."""

    def __init__(self, *arguments: object, telegram: str = "", token: str = "") -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BELLWETHER_")}
        environment = kept | ({"BELLWETHER_TELEGRAM__BASE_URL": telegram} if telegram else {})
        environment |= {"BELLWETHER_TELEGRAM__TOKEN": token} if token else {}
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli.main", "init", *map(str, arguments)],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment, close_fds=True,
        )  # fmt: skip
        os.close(theirs)
        self.screen = ""

    def reads(self, words: str) -> str:
        """Until these words are on the screen, after what was read before. Returns what stands before them."""
        until = time.monotonic() + 30
        while words not in self.screen:
            assert time.monotonic() < until, f"{words!r} never came:\n{self.screen}"
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    self.screen += os.read(self._ours, 4096).decode()
                except OSError:  # the program has ended
                    assert words in self.screen, self.screen
        before, _, self.screen = self.screen.partition(words)
        return before

    def types(self, line: str = "") -> None:
        os.write(self._ours, f"{line}\n".encode())

    def interrupts(self) -> None:
        """Ctrl-C, and again seconds later: one that comes between a prompt and the wait for its answer is only noticed
        at the next, and one that comes while the program leaves ends it by the signal.
        """
        until = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < until, self.screen
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)

    def leaves(self) -> int:
        """The exit code."""
        code = self.process.wait(20)
        os.close(self._ours)
        return code


@pytest.fixture(autouse=True)
def no_token_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELLWETHER_TELEGRAM__TOKEN", raising=False)


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def test_five_questions_make_a_configuration(tmp_path: Path, telegram: TelegramServer) -> None:
    file = tmp_path / "my.toml"
    sitting = Sitting("--config", file, telegram=telegram.url)
    sitting.reads("Token [none: alerts go to the terminal]: ")
    sitting.types("7654321:short")
    sitting.reads("telegram.token: must be a token as @BotFather gives it")
    sitting.reads("Token [none: alerts go to the terminal]: ")
    sitting.types(TOKEN)
    sitting.reads("Id [nobody yet]: ")
    sitting.types("me")
    sitting.reads("an id is a number such as 987654321; several stand between commas")
    sitting.reads("Id [nobody yet]: ")
    telegram.hears("let me in", chat=2002, user=2002, first_name="Mallory")
    sitting.types("ask")
    sitting.reads("Write ")
    code = sitting.reads(" to your bot now")
    telegram.hears("123456", chat=2002, user=2002, first_name="Mallory")
    telegram.hears(code, chat=-5, user=3003, kind="group", first_name="Someone in a group")
    telegram.hears(f"{code} ", chat=1001, user=1001)
    sitting.reads("1001  Ann")
    sitting.reads(f"Database [{tmp_path}/bellwether.db]: ")
    sitting.types()
    sitting.reads("URL [none]: ")
    sitting.types("nothing of the kind")
    sitting.reads("channels.further.url: must be an Apprise URL")
    sitting.reads("URL [none]: ")
    sitting.types(URL)
    sitting.reads("live or simulated [live]: ")
    sitting.types("simulated")
    sitting.reads("is written; only you can read it.")
    sitting.reads(f"bellwether run --config {file}")
    sitting.reads("Then write /start to your bot")
    assert sitting.leaves() == 0
    settings = load_settings(file)
    assert settings.telegram.token.get_secret_value() == TOKEN
    assert (settings.telegram.allow, settings.telegram.admins) == ((1001,), (1001,))
    assert settings.store.file == tmp_path / "bellwether.db"
    assert settings.channels["further"].url.get_secret_value() == URL
    assert settings.run.source.value == "simulated"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["my.toml"]
    assert len(telegram._updates) == 4, "what was written is left to the service"


def test_a_token_in_the_environment_asks_who_may_use_it_too(tmp_path: Path) -> None:
    """The question was left out, nobody was let in, and yet alerts were promised."""
    file = tmp_path / "my.toml"
    sitting = Sitting("--config", file, token=TOKEN)
    sitting.reads("Id [nobody yet]: ")
    sitting.types("1001")
    for prompt in ("]: ", "URL [none]: ", "live or simulated [live]: "):
        sitting.reads(prompt)
        sitting.types()
    sitting.reads("Then write /start to your bot")
    assert sitting.leaves() == 0
    assert load_settings(file).telegram.allow == (1001,)


def test_who_leaves_has_written_nothing(tmp_path: Path) -> None:
    sitting = Sitting("--config", tmp_path / "my.toml")
    sitting.reads("Token [none: alerts go to the terminal]: ")
    sitting.interrupts()
    assert sitting.leaves() == 130
    sitting = Sitting("--config", tmp_path / "my.toml")
    sitting.reads("Token [none: alerts go to the terminal]: ")
    sitting.types("\x04")
    sitting.reads("init: no more answers came; nothing was written")
    assert sitting.leaves() == 2
    assert list(tmp_path.iterdir()) == []


def test_with_flags_nothing_is_asked(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    ran = terminal.runs(
        "init", "--config", file, "--yes", "--token", TOKEN, "--allow", "5,-6", "--store", tmp_path / "a.db",
        "--source", "simulated",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    settings = load_settings(file)
    assert (settings.telegram.allow, settings.telegram.admins) == ((5, -6), (5,))
    assert settings.store.file == tmp_path / "a.db"
    assert terminal.runs("check", file).code == 0


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("we?ird #1/x.db", "cannot hold '?'"),
        ("two\nlines.db", r"cannot hold '\n'"),
        ("x.db:", "cannot end with ':'"),
        ("/", "cannot end with '/'"),
    ],
)
def test_a_path_that_cannot_be_kept_is_told_by_its_character(
    terminal: Terminal, tmp_path: Path, path: str, why: str
) -> None:
    """It was told how to write a # in the password of a PostgreSQL server."""
    file = tmp_path / "my.toml"
    ran = terminal.runs("init", "--config", file, "--yes", "--store", tmp_path / path)
    assert ran.code == 2
    assert f"store: the path of a database {why}: " in ran.err
    assert "password" not in ran.err
    assert not file.exists()


def test_a_path_may_hold_what_means_something_in_a_url_of_a_server(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    ran = terminal.runs("init", "--config", file, "--yes", "--store", tmp_path / "we%ird #1" / "x.db")
    assert (ran.code, ran.err) == (0, "")
    assert load_settings(file).store.file == tmp_path / "we%ird #1" / "x.db"


def test_nothing_given_is_what_is_built_in(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    assert terminal.runs("init", "--config", file, "--yes").code == 0
    assert load_settings(file) == load_settings()


def test_a_bot_that_lets_nobody_in_promises_nothing(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["init", "--config", tmp_path / "my.toml", "--yes", "--force"]
    promise, nobody = "alerts come from that moment on", "Nobody may use the bot yet"
    for more in (["--token", TOKEN], ["--token", TOKEN, "--secrets-in-environment"]):
        ran = terminal.runs(*words, *more)
        assert (promise in ran.out, nobody in ran.out) == (False, True)
        ran = terminal.runs(*words, *more, "--allow", 5)
        assert (promise in ran.out, nobody in ran.out) == (True, False)
    monkeypatch.setenv("BELLWETHER_TELEGRAM__TOKEN", TOKEN)
    assert nobody in terminal.runs(*words).out
    monkeypatch.setenv("BELLWETHER_TELEGRAM__ALLOW", "[5]")
    assert promise in terminal.runs(*words).out
    monkeypatch.delenv("BELLWETHER_TELEGRAM__TOKEN")
    ran = terminal.runs(*words)
    assert (promise in ran.out, nobody in ran.out) == (False, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_without_a_secret_in_it_the_services_user_reads_what_root_wrote(terminal: Terminal, umask: int) -> None:
    """The unit runs it as a user of its own, and could not start: the file was root's, 0600."""
    words = ["--yes", "--force", "--token", TOKEN, "--store", "/var/lib/bellwether/bellwether.db"]
    before = os.umask(umask)
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            file = Path(folder) / "bellwether.toml"
            assert terminal.runs("init", "--config", file, *words).out.startswith(f"{file} is written; only you can")
            assert seen_by_another(file) is None
            ran = terminal.runs("init", "--config", file, *words, "--secrets-in-environment")
            seen = seen_by_another(file)
    finally:
        os.umask(before)
    assert seen is not None
    assert TOKEN not in seen
    assert "it holds no secret, and everybody on this machine can read it" in ran.out


def seen_by_another(file: Path) -> str | None:
    """What a user without rights reads; None for nothing."""
    ran = subprocess.run(
        ["cat", file], user=1234, group=1234, extra_groups=[], capture_output=True, text=True, check=False
    )
    return None if ran.returncode else ran.stdout


def test_secrets_may_stay_in_the_environment(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, server = tmp_path / "my.toml", "postgresql://me:p4ssw0rd%21@db.example.com/bellwether"
    ran = terminal.runs(
        "init", "--config", file, "--yes", "--token", TOKEN, "--channel", URL, "--store", server,
        "--secrets-in-environment",
    )  # fmt: skip
    assert ran.code == 0
    for secret in (TOKEN, URL, "p4ssw0rd"):
        assert secret not in file.read_text()
    exports = dict(line.split()[1].split("=", 1) for line in ran.out.splitlines() if line.startswith("  export "))
    for name, value in exports.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(file)
    assert settings.telegram.token.get_secret_value() == TOKEN
    assert settings.store.url.get_secret_value() == server
    assert settings.channels["further"].url.get_secret_value() == URL


def test_a_file_that_is_there_is_left_alone_unless_by_force(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("precious")
    file.chmod(0o644)
    fault = terminal.runs("init", "--config", file, "--yes").fault
    assert fault.endswith("my.toml: is there already; --force replaces it, --config names another")
    assert file.read_text() == "precious"
    assert terminal.runs("init", "--config", file, "--yes", "--force").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_settings(file) == load_settings()


def test_what_is_wrong_is_told_by_its_key_and_nothing_is_written(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    words = ["init", "--config", file, "--yes"]
    fault = terminal.runs(*words, "--token", "tea", "--allow", "0", "--channel", "tea").fault
    assert [line.partition(":")[0] for line in fault.splitlines()] == [
        "telegram.token", "telegram.allow[0]", "channels.further.url"
    ]  # fmt: skip
    assert "an id is a number" in terminal.runs(*words, "--allow", "me").fault
    assert "there is no folder" in terminal.runs("init", "--yes", "--config", tmp_path / "nowhere" / "my.toml").fault
    assert list(tmp_path.iterdir()) == []


def test_without_anybody_to_ask_it_says_how_to_answer(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bot.cli.main", "init", "--config", tmp_path / "my.toml"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        "bellwether: init: asks questions, and nobody sits at this terminal; give the answers as options, and --yes "
        "for the rest\n"
    )
