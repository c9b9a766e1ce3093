"""`bellwether doctor`: network, clock, token, database, port and a trial message, each well and not, against servers on
loopback.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import ccxt
import pytest

from bot.cli._channels import channels, listener
from bot.cli._database import database
from bot.cli._network import VENUES, Reached, clock_sign, reach
from bot.cli._signs import Sign
from bot.settings import load_settings
from bot.store.place import check_place
from bot.store.runner import locked
from bot.store.schema import SCHEMA
from tests.bot.cli.terminal import Terminal
from tests.bot.store.stores import nothing, stored
from tests.servers.receiver import Receiver
from tests.servers.telegram import TOKEN, TelegramServer

NOW = 1_764_883_800


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A port where whoever connects is told one answer after the other, whatever is asked."""
    with closing(socket.create_server(("127.0.0.1", 0))) as place:
        place.settimeout(5)

        def serve() -> None:
            caller, _ = place.accept()
            with caller:
                for answer in answers:
                    caller.recv(65_536)
                    caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield place.getsockname()[1]
    thread.join(6)


def dated(date: str) -> bytes:
    return f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode()


ON_TIME = dated("Thu, 04 Dec 2025 21:30:00 GMT")


def asked(url: str, timeout: float = 2.0) -> Reached:
    return reach("it", url, lambda: NOW, timeout)


def test_a_server_that_answers_anything_was_reached_and_says_what_time_it_is() -> None:
    with answering(ON_TIME) as port:
        assert asked(f"http://127.0.0.1:{port}") == Reached("it", "127.0.0.1", True, "127.0.0.1 answers", 0)


@pytest.mark.parametrize("date", ["yesterday", ""])
def test_a_date_that_is_none_says_nothing_of_the_clock(date: str) -> None:
    with answering(dated(date)) as port:
        assert asked(f"http://127.0.0.1:{port}").ahead is None


def test_each_step_that_fails_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    assert asked(f"http://127.0.0.1:{port}").told == "127.0.0.1: no connection (connection refused)"
    told = asked("http://nowhere.invalid").told
    assert told.startswith("nowhere.invalid: its name cannot be looked up (DNS: ")
    with answering(b"tea?\r\n\r\n") as port:
        assert asked(f"http://127.0.0.1:{port}").told.startswith(
            "127.0.0.1: connected, but what answers speaks no HTTP"
        )
    with answering(b"tea?\r\n\r\n") as port:
        assert asked(f"https://127.0.0.1:{port}").told.startswith("127.0.0.1: connected, but not encrypted (TLS: ")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        assert asked(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.3).told == "127.0.0.1: no answer within 0.3 s"


def test_a_proxy_is_gone_through_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 200 Connected\r\n\r\n", ON_TIME) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        told = asked("http://prices.invalid").told
    assert told.startswith("prices.invalid answers by the proxy 127.0.0.1")


def heard(*ahead: int | None) -> Sign:
    return clock_sign([Reached("it", f"{number}.com", True, "", each) for number, each in enumerate(ahead)])


def test_the_clock_is_held_against_what_most_servers_say() -> None:
    assert heard(None, None) == Sign("clock", False, "not compared: no server was reached that says what time it is")
    assert heard(1, 9_000, 0) == Sign("clock", True, "within 1 s of 0.com and 2 more")
    assert heard(300).told == "300 s slow by 0.com; set it by NTP"
    assert heard(-300, -301).told == "300 s fast by 0.com and 1 more; set it by NTP"


def test_the_servers_of_venues_are_those_that_the_feeds_ask() -> None:
    for venue, url in VENUES.items():
        importlib.import_module(f"ccxt.{venue}")
        exchange = getattr(ccxt, venue)()
        known = str(exchange.urls["api"]).replace("{hostname}", getattr(exchange, "hostname", None) or "")
        assert url.removeprefix("https://") in known, venue


# The database


def sign(path: Path) -> Sign:
    return signs(path)[0]


def signs(path: Path, free_mb: int = 1) -> list[Sign]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BELLWETHER_STORE__URL", f"sqlite:///{path}")
        patch.setenv("BELLWETHER_WATCHDOG__FREE_MB", str(free_mb))
        return asyncio.run(database(load_settings()))


def test_a_database_is_told_with_all_that_matters(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert sign(path) == Sign("database", True, f"{path} is not there yet: a start makes it")
    stored(path, nothing)
    assert sign(path).works
    assert not [each for each in tmp_path.iterdir() if "lock" in each.name], "a look leaves nothing behind"
    assert sign(path).told.endswith(f"kB, whole, schema {SCHEMA}, nobody runs on it")
    with locked(path) as held:
        assert held
        assert sign(path).told.endswith("another process runs on it")
    path.chmod(0o644)
    assert f"others may read it: chmod 600 {path}" in sign(path).told
    path.write_bytes(b"garbage" * 999)
    assert sign(path) == Sign("database", False, f"{path}: file is not a database")
    assert sign(tmp_path / "nowhere" / "a.db").told.endswith(f"there is no folder {tmp_path}/nowhere")


def test_what_others_may_read_of_a_database_is_named_file_by_file(tmp_path: Path) -> None:
    """Of its logs and copies nothing was said: they hold the same."""
    path, copy = tmp_path / "a.db", tmp_path / "a.db.before-0003"
    stored(path, nothing)
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o640)
    assert sign(path).told.endswith(f"nobody runs on it, others may read it: chmod 600 {copy}")
    check_place(path)
    assert sign(path).told.endswith("nobody runs on it")


def test_little_room_is_no_good_sign(tmp_path: Path) -> None:
    room = signs(tmp_path / "a.db", free_mb=1_000_000)[1]
    assert (room.subject, room.works) == ("disk", False)
    assert room.told.endswith(" free, fewer than watchdog.free_mb (1000000 MB)")


def test_a_server_that_is_not_there_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_STORE__URL", "postgresql://me:tellnobody@127.0.0.1:1/bellwether")
    (found,) = asyncio.run(database(load_settings()))
    assert not found.works
    assert found.told.startswith("bellwether on 127.0.0.1 cannot be used as a database: ")
    assert "tellnobody" not in found.told


# The port, further channels


def test_the_port_is_free_ours_or_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_WEB__LISTEN", "")
    assert listener(load_settings()).works
    ours = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"version": "0.1.0"}'
    for answer, told in ((ours, "a running Bellwether"), (b"tea?\r\n\r\n", "another program")):
        with answering(answer) as port:
            monkeypatch.setenv("BELLWETHER_WEB__LISTEN", f"127.0.0.1:{port}")
            found = listener(load_settings())
        assert (found.told, found.works) == (f"127.0.0.1:{port} is taken by {told}", answer is ours)
    assert listener(load_settings()).told.endswith(" is free")


def test_further_channels_are_named_and_their_secrets_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_CHANNELS__PAGER__URL", "ntfys://ntfy.sh/a-secret-topic")
    assert channels(load_settings()).told == "pager (subscriber)"


# The whole of it


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        server.knows(1001)
        yield server


def config(tmp_path: Path, telegram: TelegramServer, token: str = TOKEN) -> Path:
    file = tmp_path / "my.toml"
    file.write_text(
        f'[run]\nsource = "simulated"\n[store]\nurl = "sqlite:///{tmp_path}/bellwether.db"\n[web]\nlisten = ""\n'
        f'[telegram]\nbase_url = "{telegram.url}"\ntoken = "{token}"\nadmins = [1001, 2002]\n'
    )
    return file


def test_the_doctor_says_what_works_and_sends_a_trial(
    terminal: Terminal, tmp_path: Path, telegram: TelegramServer
) -> None:
    ran = terminal.runs("doctor", "--config", config(tmp_path, telegram), "--send", "--json")
    told = {line["subject"]: (line["works"], line["detail"]) for line in ran.lines}
    assert told["network telegram"] == (True, "127.0.0.1 answers")
    assert told["clock"][0]
    assert told["token"] == (True, "it is @bellwether_test_bot")
    assert told["trial to 1001"] == (True, "it arrived")
    assert told["trial to 2002"] == (
        False, "this chat cannot be written to: Chat not found; write to the bot first"
    )  # fmt: skip
    assert ran.code == 1
    (sent,) = telegram.sent
    assert sent.plain.startswith("🧪 TEST: this is no alert")


def test_a_token_that_telegram_does_not_know_is_told_and_not_shown(
    terminal: Terminal, tmp_path: Path, telegram: TelegramServer
) -> None:
    wrong = TOKEN.replace("secret", "another")
    ran = terminal.runs("doctor", "--config", config(tmp_path, telegram, wrong))
    assert "NO token: Telegram does not know the bot's token\n" in ran.out
    assert wrong not in ran.out + ran.err
    assert ran.code == 1


def test_a_telegram_that_is_down_is_told_by_every_part_that_needs_it(
    terminal: Terminal, tmp_path: Path, telegram: TelegramServer
) -> None:
    telegram.goes_down()
    ran = terminal.runs("doctor", "--config", config(tmp_path, telegram))
    lines = ran.out.splitlines()
    assert "NO network telegram: 127.0.0.1: no connection (connection refused)" in lines
    assert any(line.startswith("NO token: Telegram does not answer: ") for line in lines)
    assert any(line.startswith("ok database: ") for line in lines)
    assert ran.code == 1
    telegram.comes_back()


def test_a_trial_goes_to_each_further_channel_too_and_each_is_told_of_by_name(
    terminal: Terminal, tmp_path: Path, telegram: TelegramServer
) -> None:
    """A pager that takes nothing was found out in the first outage of Telegram."""
    file = config(tmp_path, telegram)
    with Receiver() as mail, Receiver() as pager:
        pager.always("401")
        file.write_text(
            f'{file.read_text()}[channels.mail]\nurl = "{mail.apprise("mail")}"\n'
            f'[channels.pager]\nurl = "{pager.apprise("secret-topic")}"\nrole = "fallback"\n'
        )
        ran = terminal.runs("doctor", "--config", file, "--send")
    lines = ran.out.splitlines()
    assert "ok trial to 1001: it arrived" in lines
    assert "ok trial to mail: it was accepted" in lines
    assert "NO trial to pager: it may have arrived or not: not accepted: HTTP status 401" in lines
    assert mail.titles("mail") == ["🧪 TEST: this is no alert"]
    assert "secret-topic" not in ran.out + ran.err
    assert ran.code == 1


def test_without_a_token_a_trial_goes_to_further_channels_alone(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    with Receiver() as mail:
        file.write_text(
            f'[run]\nsource = "simulated"\n[store]\nurl = "sqlite:///{tmp_path}/a.db"\n[web]\nlisten = ""\n'
            f'[channels.mail]\nurl = "{mail.apprise("mail")}"\n'
        )
        ran = terminal.runs("doctor", "--config", file, "--send")
    assert [line for line in ran.out.splitlines() if " trial" in line] == ["ok trial to mail: it was accepted"]
    assert (ran.code, mail.asked) == (0, 1)


def test_without_a_token_or_anybody_to_tell_a_trial_says_so(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    quiet = f'[run]\nsource = "simulated"\n[store]\nurl = "sqlite:///{tmp_path}/a.db"\n[web]\nlisten = ""\n[telegram]\n'
    file.write_text(quiet)
    assert (
        "NO trial: it goes to telegram.admins, and nobody is named there\n"
        in terminal.runs("doctor", "--send", "--config", file).out
    )
    file.write_text(f"{quiet}admins = [7]\n")
    ran = terminal.runs("doctor", "--send", "--config", file)
    assert "NO trial: without a token it reaches nobody; it would go to 7\n" in ran.out
    assert terminal.runs("doctor", "--config", file).code == 0
