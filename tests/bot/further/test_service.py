"""The border to Apprise: what it takes, what it says of a failure, and which URLs it can do nothing with."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from bot.further.service import Failed, Service, check
from tests.servers.mail import MailServer
from tests.servers.receiver import Received, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def mail_url(server: MailServer) -> str:
    return f"mailto://localhost:{server.port}?from=bell@example.org&to=desk@example.org&mode=insecure"


@pytest.mark.parametrize("scheme", ["json", "ntfy"])
def test_a_title_and_plain_words_arrive_as_they_are(receiver: Receiver, scheme: str) -> None:
    assert Service(receiver.apprise("pager", scheme)).send("🔴 A <b>record</b> & more", "r 0.71\n\\n :smile:") is None
    assert receiver.received == [Received("pager", "🔴 A <b>record</b> & more", "r 0.71\n\\n :smile:")]


def test_a_letter_has_the_first_line_as_its_subject() -> None:
    with MailServer() as server:
        assert Service(mail_url(server)).send("🔴 A record", "r 0.71 < 1\nnot advice") is None
        [letter] = server.received
    assert (letter["Subject"], letter["To"]) == ("🔴 A record", "desk@example.org")
    assert letter.get_content().split() == ["r", "0.71", "<", "1", "not", "advice"]


def test_a_letter_that_is_refused_is_none() -> None:
    with MailServer() as server:
        server.refuses = True
        failed = Service(mail_url(server)).send("A record", "r 0.71")
    assert failed is not None
    assert failed.status is None


@pytest.mark.parametrize(
    ("fault", "status"), [("500", 500), ("401", 401), ("429", 429), ("reset", None), ("lost", None)]
)
def test_a_failure_is_told_with_its_status_where_there_is_one(
    receiver: Receiver, fault: str, status: int | None
) -> None:
    receiver.fails(fault)
    failed = Service(receiver.apprise()).send("A record", "r 0.71")
    assert isinstance(failed, Failed)
    assert failed.status == status
    assert receiver.asked == 1, "nothing is tried again but from the outbox"


def test_nobody_there_is_a_failure() -> None:
    failed = Service("json://127.0.0.1:9/pager").send("A record", "r 0.71")
    assert failed is not None
    assert failed.status is None


def test_what_an_url_asks_for_beyond_that_is_not_done(receiver: Receiver) -> None:
    """To try again by itself would be three messages without a mark; optional would call a failure sent."""
    receiver.always("500")
    failed = Service(f"{receiver.apprise()}?retry=3&wait=0&optional=yes").send("A record", "r 0.71")
    assert failed is not None
    assert receiver.asked == 1


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a handler of the whole process would write of Apprise; caplog listens everywhere."""
    heard, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(heard), root.level
    handler.addFilter(logging.Filter("apprise"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.parametrize(("asked", "mode"), [("", "split"), ("?overflow=truncate", "truncate")])
def test_what_is_longer_than_a_service_takes_is_split_unless_its_url_says_otherwise(asked: str, mode: str) -> None:
    service = Service(f"discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js{asked}")
    assert service._apprise[0].overflow_mode.value == mode


def test_nothing_is_logged_by_apprise(receiver: Receiver, log: io.StringIO) -> None:
    """It may name what a URL holds."""
    receiver.fails("500")
    Service(receiver.apprise("top-secret-path")).send("A record", "r 0.71")
    assert log.getvalue() == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nope://hush-hush-hush", "Apprise knows no service nope://"),
        ("slack://hush-hush-hush", "Apprise cannot read this slack:// URL; how one looks: https://"),
        ("json://", "Apprise cannot read this json:// URL"),
        ("ntfy://hush-hush-hush/topic?tz=nowhere", "Apprise cannot read this ntfy:// URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_being_shown(
    url: str, told: str, capfd: pytest.CaptureFixture[str], log: io.StringIO
) -> None:
    with pytest.raises(ValueError, match="Apprise") as caught:
        check(url)
    assert str(caught.value).startswith(told)
    printed = capfd.readouterr()
    for text in (str(caught.value), printed.out, printed.err, log.getvalue()):
        assert "hush" not in text


@pytest.mark.parametrize(
    "url",
    [
        "mailto://desk:secret@example.org",
        "slack://bellwether@xoxb-1234567890-1234567890123-abcdefghijklmnopqrstuvwx/#markets",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "ntfys://ntfy.sh/a-topic",
    ],
)
def test_the_urls_that_the_manual_names_are_taken(url: str) -> None:
    check(url)
