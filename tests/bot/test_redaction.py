"""The token appears in no output, whoever prints it, however it is spelled."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import logging.handlers
import queue
import re
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import InvalidToken

from bot.logs import install
from bot.redaction import HIDDEN, Redaction
from tests.servers.telegram import TOKEN, TelegramServer

KEY = TOKEN.partition(":")[2]
URL = f"https://api.telegram.org/bot{TOKEN}/getMe"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """What the program prints, with redaction installed at the most talkative level."""
    stream = io.StringIO()
    with install(Redaction([TOKEN]), stream, level=logging.DEBUG):
        yield stream


def assert_hidden(text: str, *, times: int = 1) -> None:
    assert KEY.lower() not in text.lower()
    assert text.count(HIDDEN) >= times, text


LOG = logging.getLogger("somebody.else")


class Shown:
    """An argument that shows the token only when it is printed."""

    def __str__(self) -> str:
        return URL

    __repr__ = __str__


class Kept(logging.Handler):
    """A handler that keeps records as they are, as one would that sends them to another place."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


# Spellings


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        URL,
        f"bot{TOKEN}",
        quote(URL, safe=""),
        quote(TOKEN, safe="").lower(),
        quote(TOKEN, safe="").replace("%3A", "%3a"),
        TOKEN.upper(),
        KEY,
        json.dumps({"url": URL}),
        repr(URL.encode()),
    ],
)
def test_every_spelling_is_hidden(text: str) -> None:
    assert_hidden(Redaction([TOKEN]).redact(text))


def test_what_is_no_secret_stays() -> None:
    redaction = Redaction([TOKEN, "", "  "])
    assert redaction.redact("chat 7654321: nothing") == "chat 7654321: nothing"
    assert Redaction([]).redact(TOKEN) == TOKEN


def test_several_secrets_are_hidden_longest_first() -> None:
    assert Redaction(["abc", "abcdef"]).redact("abcdef abc") == f"{HIDDEN} {HIDDEN}"


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_any_secret_is_hidden_in_any_text(secret: str, before: str, after: str) -> None:
    hidden = Redaction([secret]).redact(f"{before}{secret}{after}")
    assert secret not in hidden.replace(HIDDEN, "") or secret in before + after


# Records


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        pytest.param(URL, (), id="the message"),
        pytest.param("GET %s", (URL,), id="an argument"),
        pytest.param("GET %s", (httpx.URL(URL),), id="an object"),
        pytest.param("GET %s", (Shown(),), id="shown only when printed"),
        pytest.param("GET %(url)s", ({"url": URL},), id="a dictionary"),
        pytest.param("GET %r", ([{"urls": (URL,)}],), id="deep inside"),
        pytest.param("GET %d", (URL,), id="a wrong format"),
        pytest.param("GET", (URL,), id="too many arguments"),
        pytest.param(InvalidToken(f"The token `{TOKEN}` was rejected by the server."), (), id="an exception"),
        pytest.param("bot" + TOKEN[:10] + "%s", (TOKEN[10:],), id="put together by formatting"),
    ],
)
def test_a_record_is_clean(
    out: io.StringIO, capsys: pytest.CaptureFixture[str], message: object, arguments: tuple[object, ...]
) -> None:
    LOG.warning(message, *arguments)
    assert_hidden(out.getvalue())
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err


def test_arguments_that_the_message_does_not_show_are_clean_too(out: io.StringIO) -> None:
    handler = Kept()
    LOG.addHandler(handler)
    try:
        LOG.warning("GET %(method)s", {"method": "x", "url": URL})
    finally:
        LOG.removeHandler(handler)
    assert KEY not in repr(vars(handler.records[0]))


def test_harmless_arguments_are_left_as_they_are(out: io.StringIO) -> None:
    handler = Kept()
    LOG.addHandler(handler)
    try:
        LOG.warning("poll %d of %s", 3, "RUT")
    finally:
        LOG.removeHandler(handler)
    assert (handler.records[0].msg, handler.records[0].args) == ("poll %d of %s", (3, "RUT"))


def test_every_handler_gets_clean_records_the_later_ones_too(out: io.StringIO) -> None:
    own, late = io.StringIO(), io.StringIO()
    on_logger, on_root = logging.StreamHandler(own), logging.StreamHandler(late)
    LOG.addHandler(on_logger)
    logging.getLogger().addHandler(on_root)
    try:
        try:
            raise InvalidToken(URL)
        except InvalidToken:
            LOG.exception("failed at %s", URL)
    finally:
        LOG.removeHandler(on_logger)
        logging.getLogger().removeHandler(on_root)
    for stream in (own, late, out):
        assert_hidden(stream.getvalue(), times=2)
        assert "Traceback" in stream.getvalue()


def test_a_record_that_is_formatted_later_by_another_thread_is_clean(out: io.StringIO) -> None:
    waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    late = io.StringIO()
    listener = logging.handlers.QueueListener(waiting, logging.StreamHandler(late))
    handler = logging.handlers.QueueHandler(waiting)
    LOG.addHandler(handler)
    listener.start()
    try:
        LOG.error("%s", Shown(), exc_info=InvalidToken(URL))
    finally:
        listener.stop()
        LOG.removeHandler(handler)
    assert_hidden(late.getvalue())


def test_a_record_made_elsewhere_is_clean_in_our_output(out: io.StringIO) -> None:
    LOG.handle(logging.makeLogRecord({"name": "x", "levelno": 30, "levelname": "WARNING", "msg": URL}))
    assert_hidden(out.getvalue())


def test_extra_fields_are_clean(out: io.StringIO) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redaction([TOKEN]))
    handler.setFormatter(logging.Formatter("%(url)s"))
    LOG.addHandler(handler)
    try:
        LOG.warning("GET", extra={"url": URL})
    finally:
        LOG.removeHandler(handler)
    assert_hidden(stream.getvalue())


def test_a_traceback_is_clean_with_all_its_causes(out: io.StringIO) -> None:
    try:
        try:
            raise OSError(URL)
        except OSError as error:
            raise InvalidToken(TOKEN) from error
    except InvalidToken:
        LOG.exception("no")
    assert_hidden(out.getvalue(), times=2)
    assert "direct cause" in out.getvalue()


def test_a_stack_is_clean(out: io.StringIO) -> None:
    LOG.handle(logging.makeLogRecord({"msg": "here", "levelno": 40, "stack_info": f"File {URL}"}))
    assert_hidden(out.getvalue())


def test_a_traceback_without_a_secret_stays_with_the_record(out: io.StringIO) -> None:
    try:
        raise ValueError("no secret")
    except ValueError:
        LOG.exception("no")
    assert "ValueError: no secret" in out.getvalue()


# Libraries


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_http_requests_are_clean_even_when_libraries_are_made_to_talk(out: io.StringIO, level: int) -> None:
    async def ask(url: str) -> None:
        async with httpx.AsyncClient() as client:
            await client.get(url)

    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(level)
    with TelegramServer() as server:
        asyncio.run(ask(f"{server.url}/bot{TOKEN}/getMe"))
    assert_hidden(out.getvalue())


def test_libraries_are_quiet_by_default(out: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET %s", URL)
    logging.getLogger("httpcore.http11").debug("send_request_headers")
    logging.getLogger("telegram.ext.Updater").error("Exception happened while polling for updates.")
    assert out.getvalue() == ""


# What nobody caught


def test_an_uncaught_error_is_clean(out: io.StringIO) -> None:
    sys.excepthook(InvalidToken, InvalidToken(URL), None)
    assert_hidden(out.getvalue())
    assert "CRITICAL uncaught: the program ends" in out.getvalue()


def test_an_interrupt_is_one_line(out: io.StringIO) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert out.getvalue().count("\n") == 1


def test_an_error_in_a_thread_is_clean(out: io.StringIO) -> None:
    def fails() -> None:
        raise InvalidToken(URL)

    thread = threading.Thread(target=fails, name=f"poll {TOKEN}")
    thread.start()
    thread.join()
    assert_hidden(out.getvalue(), times=2)


def test_an_error_in_a_finalizer_is_clean(out: io.StringIO) -> None:
    class Fails:
        def __del__(self) -> None:
            raise InvalidToken(URL)

    Fails()
    gc.collect()
    assert_hidden(out.getvalue())


def test_an_error_in_a_task_is_clean(out: io.StringIO) -> None:
    async def fails() -> None:
        raise InvalidToken(URL)

    async def story() -> None:
        task = asyncio.create_task(fails(), name=f"poll {TOKEN}")
        await asyncio.wait([task])
        del task
        gc.collect()

    asyncio.run(story())
    assert "never retrieved" in out.getvalue()
    assert_hidden(out.getvalue(), times=2)


def test_a_warning_is_clean(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = sys.modules["bot.logs"]._log_warning
        warnings.warn(f"do not use {URL}", UserWarning, stacklevel=1)
    assert_hidden(out.getvalue())
    assert "WARNING warnings: UserWarning: do not use" in out.getvalue()


def test_a_whole_program_that_dies_says_no_secret() -> None:
    """Everything at once in a process of its own, where nothing of the test runner stands in the way."""
    program = f"""
        import asyncio, logging, sys, threading, warnings
        from bot.logs import install
        from bot.redaction import Redaction
        token = {TOKEN!r}
        install(Redaction([token]), sys.stderr, level=logging.DEBUG)
        logging.getLogger("x").info("%s", token)
        warnings.warn(token)
        thread = threading.Thread(target=lambda: 1 / len(token[:0]), name=token)
        thread.start(); thread.join()
        class Late:
            def __del__(self): raise ValueError(token)
        Late()
        async def fails(): raise ValueError(token)
        async def main():
            kept = asyncio.create_task(fails())
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_exception_handler({{"message": token}})
        asyncio.run(main())
        raise SystemError(f"https://api.telegram.org/bot{{token}}/getMe")
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert KEY not in ended.stdout + ended.stderr
    for said in ("INFO x:", "WARNING warnings:", "thread <secret> ends", "__del__", "never retrieved", "SystemError"):
        assert said in ended.stderr, ended.stderr


# The line


def test_a_line_has_its_instant_in_utc_its_level_and_its_room(out: io.StringIO) -> None:
    record = logging.makeLogRecord({"name": "bot.watch", "levelno": 20, "levelname": "INFO", "msg": "text"})
    record.created = 1_764_883_862.5
    logging.getLogger().handle(record)
    assert out.getvalue() == "2025-12-04 21:31:02Z INFO watch: text\n"


def test_everything_is_put_back_as_it_was() -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning)
    factory, handlers, level = logging.getLogRecordFactory(), [*logging.getLogger().handlers], logging.getLogger().level
    install(Redaction([TOKEN]), io.StringIO()).close()
    assert before == (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning)
    assert logging.getLogRecordFactory() is factory
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger().level == level


def test_no_secret_is_a_fine_set_of_secrets() -> None:
    stream = io.StringIO()
    with install(Redaction([]), stream):
        LOG.warning("as it is")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ WARNING somebody.else: as it is\n", stream.getvalue())
