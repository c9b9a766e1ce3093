"""The command as a user runs it: a process, somewhere else, with pipes that close and keys that are pressed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BELLWETHER = (sys.executable, "-m", "bot.cli.main")

pytestmark = pytest.mark.e2e


def environment(**changes: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith("BELLWETHER_")}
    return {**ours, "PYTHONPATH": str(ROOT), **changes}


class Shell:
    """Runs the command somewhere else than in the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def runs(
        self, *arguments: str, typed: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """A command to its end."""
        return subprocess.run(
            [*BELLWETHER, *arguments], input=typed, capture_output=True, cwd=self.folder, timeout=60, check=False,
            env=environment(**(env or {})),
        )  # fmt: skip

    def starts(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that is left running."""
        return subprocess.Popen(
            [*BELLWETHER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.folder, env=environment(),
        )  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def with_rules(folder: Path, *names: str) -> Path:
    """A configuration with these rules of the pack, as they are written there."""
    _, *tables = (ROOT / "config.example.toml").read_text(encoding="utf-8").split("[[rules]]")
    kept = [table for name in names for table in tables if f'\nid = "{name}"\n' in table]
    file = folder / "few.toml"
    file.write_text("".join(f"[[rules]]{table}" for table in kept), encoding="utf-8")
    return file


@pytest.fixture
def few(tmp_path: Path) -> tuple[str, str]:
    """The option of a small configuration: for what is about the process, and not about the pack."""
    return "--config", str(with_rules(tmp_path, "rut-record-close"))


def assert_quiet(errors: bytes) -> None:
    """Nothing of Python's insides was shown."""
    for word in (b"Traceback", b"Exception ignored", b"Error:"):
        assert word not in errors, errors.decode()


def assert_seven_months(ran: subprocess.CompletedProcess[bytes]) -> None:
    """What the demo tells, and where it says to go next."""
    out = ran.stdout.decode()
    assert ran.returncode == 0
    assert out.startswith("150 sessions of a SIMULATED market from ")
    for alert in (
        "🟠 Russell 2000 closes at a record\nSIMULATED: not real prices\nRUT close: ",
        "🟡 RUT and XRP coupled at 0.6\nSIMULATED: not real prices\nP(RUT-XRP corr ≥ 0.6): ",
        "🔴 Regime: RISK_OFF\nSIMULATED: not real prices\n",
    ):
        assert alert in out
    assert "> /corr RUT SOL\nSIMULATED: not real prices\nRUT and SOL, 60 returns\nr " in out
    assert "> /regime\nSIMULATED: not real prices\nRegime: " in out
    *_, last = out.split("\n\n")
    assert last.startswith("Where to go next\n  bellwether run ")
    assert "\x1b" not in out
    assert ran.stderr.decode() == "every price is simulated (seed 7); none was ever traded\n"


def test_the_demo_of_three_rules_tells_seven_months_and_where_to_go_next(shell: Shell) -> None:
    few = with_rules(shell.folder, "rut-record-close", "rut-xrp-coupled", "regime-risk-off")
    ran = shell.runs("demo", "--config", str(few))
    assert ", 3 rules.\n" in ran.stdout.decode()
    assert_seven_months(ran)


@pytest.mark.soak
def test_the_demo_of_the_whole_pack_tells_seven_months_and_where_to_go_next(shell: Shell) -> None:
    assert_seven_months(shell.runs("demo"))


def test_chat_answers_a_pipe_without_a_prompt(shell: Shell) -> None:
    ran = shell.runs("chat", typed="/price RUT\n\n/price 🟠\n/quit\n/regime\n".encode())
    out = ran.stdout.decode()
    assert ran.returncode == 0
    assert out.startswith("SIMULATED: not real prices\nRUT Russell 2000\n")
    assert "unknown instrument 🟠" in out
    assert "Regime:" not in out
    assert "> " not in out.replace("-> ", "")


def test_chat_of_nothing_ends_at_once(shell: Shell, few: tuple[str, str]) -> None:
    ran = shell.runs("chat", *few)
    assert (ran.returncode, ran.stdout) == (0, b"")


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "utf-8"}])
def test_chat_survives_bytes_that_are_no_text(shell: Shell, few: tuple[str, str], locale: dict[str, str]) -> None:
    ran = shell.runs("chat", *few, typed=b"\xff\xfe /regime\n/help\n", env=locale)
    assert_quiet(ran.stderr)
    assert ran.returncode == 0
    assert b"Not investment advice." in ran.stdout


def test_a_terminal_that_knows_no_emoji_still_gets_the_text(shell: Shell, few: tuple[str, str]) -> None:
    """UnicodeEncodeError: 'ascii' codec can't encode character; on Windows a pipe is cp1252."""
    ran = shell.runs("replay", *few, env={"PYTHONIOENCODING": "ascii"})
    assert_quiet(ran.stderr)
    assert ran.returncode == 0
    assert b"Russell 2000 closes at a record [rut-record-close]" in ran.stdout


def test_help_is_printed(shell: Shell) -> None:
    ran = shell.runs("--help")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"usage: bellwether COMMAND" in ran.stdout


def test_help_does_not_wait_for_heavy_imports(shell: Shell) -> None:
    code = "import sys; from bot.cli.main import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=shell.folder, env=environment(), timeout=60, check=True
    )
    loaded = ran.stderr.decode()
    assert "'bot.cli.main'" in loaded
    for heavy in ("pandas", "numpy", "pydantic", "lark", "scipy", "exchange_calendars"):
        assert f"'{heavy}'" not in loaded


@pytest.mark.parametrize("arguments", [("--help",), ("check", "--help"), ("check",), ("replay", "--json")])
def test_a_reader_that_goes_away_is_no_error(shell: Shell, arguments: tuple[str, ...]) -> None:
    """As `bellwether ... | head -1` does, here before the first line."""
    process = shell.starts(*arguments)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, errors = process.communicate(timeout=60)
    assert_quiet(errors)


def test_head_gets_its_line(shell: Shell) -> None:
    line = " ".join(BELLWETHER) + " replay --json | head -n 1"
    ran = subprocess.run(
        ["sh", "-c", line], capture_output=True, cwd=shell.folder, env=environment(), timeout=60, check=True
    )
    assert ran.stdout.startswith(b'{"event": "fired", ')
    assert ran.stdout.count(b"\n") == 1
    assert_quiet(ran.stderr)


def test_an_interrupt_ends_the_demo_with_its_own_exit_code(shell: Shell, few: tuple[str, str]) -> None:
    process = shell.starts("demo", *few)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert_quiet(errors)
    assert process.returncode == 130


def test_an_interrupt_while_the_program_is_still_loading_is_as_quiet(shell: Shell) -> None:
    """The command's imports took a second outside of the guard: a traceback through numpy or pandas."""
    code = (
        "import os, signal, sys\n"
        "class Press:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'pandas':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Press())\n"
        "from bot.cli.main import main\n"
        "main(['demo'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=shell.folder, env=environment(), timeout=60, check=False
    )
    assert_quiet(ran.stderr)
    assert ran.returncode == 130


def test_an_interrupt_ends_a_chat_that_waits(shell: Shell, few: tuple[str, str]) -> None:
    process = shell.starts("chat", *few)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"/price RUT\n")
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert_quiet(errors)
    assert process.returncode in (0, 130)


def test_a_relative_folder_is_read_from_where_the_user_is(shell: Shell) -> None:
    folder = shell.folder / "prices"
    folder.mkdir()
    (folder / "RUT_1d.csv").write_text("timestamp,open,high,low,close,volume\n2025-12-02T00:00:00Z,10,10,10,10,\n")
    ran = shell.runs("explain", "close(RUT)", "--data", "prices")
    assert ran.returncode == 0
    assert b"Now: 10.00\nClose of Tue 2025-12-02" in ran.stdout
    assert ran.stderr == b""


def test_a_complaint_is_one_line_on_standard_error(shell: Shell) -> None:
    ran = shell.runs("corr", "RUT", "SOL", "--data", "nowhere")
    assert (ran.returncode, ran.stdout) == (2, b"")
    wanted = "bellwether: nowhere is not a folder; --data takes a folder of files such as RUT_1d.csv\n"
    assert ran.stderr.decode() == wanted


def test_words_that_are_no_text_are_refused_like_others(shell: Shell) -> None:
    ran = subprocess.run(
        [*map(os.fsencode, BELLWETHER), b"corr", b"\xff\xfe", b"SOL"], capture_output=True, cwd=shell.folder,
        env=environment(), timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert_quiet(ran.stderr)
