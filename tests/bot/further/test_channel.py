"""The channel to Apprise: how a sending may end, and that a slow name holds up no other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest

from bot.delivery.channel import Ambiguous, ChatGone, Outcome, Rank, Resting, RetryLater, Sent
from bot.delivery.pacing import Pace, Pacer
from bot.further.channel import AppriseChannel, open_channel
from bot.further.service import Failed
from tests.servers.receiver import Received, Receiver

FAST = Pace(between=0.001, between_in_chat=0.001)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


class Fake:
    """A service that hands nothing over."""

    def __init__(self, ends: Failed | Exception | None = None) -> None:
        self.ends, self.handed, self.hangs = ends, list[tuple[str, str]](), threading.Event()
        self.hangs.set()

    def send(self, title: str, body: str) -> Failed | None:
        self.handed.append((title, body))
        self.hangs.wait(30)
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends


def sends(
    story: Callable[[AppriseChannel], Awaitable[None]], pace: Pace = FAST, longest: float = 5.0, **fakes: Fake
) -> None:
    async def run() -> None:
        channel = AppriseChannel(fakes, ("sesame-sesame",), pacer=Pacer(pace), longest=longest)
        try:
            await story(channel)
        finally:
            for each in fakes.values():
                each.hangs.set()
            channel.close()

    asyncio.run(run())


def end_of(fake: Fake, longest: float = 5.0) -> Outcome:
    found: list[Outcome] = []

    async def story(channel: AppriseChannel) -> None:
        found.append(await channel.send("pager", "<b>A record</b>\nr &lt; 1"))

    sends(story, longest=longest, pager=fake)
    return found[0]


def test_words_arrive_without_markup(receiver: Receiver) -> None:
    async def run() -> None:
        channel = open_channel({"pager": receiver.apprise()})
        assert await channel.send("pager", "🔴 <b>A record</b>\nr 0.71 &lt; 1\n<i>id</i>") == Sent()
        channel.close()

    asyncio.run(run())
    assert receiver.received == [Received("pager", "🔴 A record", "r 0.71 < 1\nid")]


def test_a_title_is_one_line_whatever_was_typed() -> None:
    fake = Fake()

    async def story(channel: AppriseChannel) -> None:
        await channel.send("pager", "<b>A record</b>\r\x0bBcc: all\nr 0.71")

    sends(story, pager=fake)
    assert fake.handed == [("A record Bcc: all", "r 0.71")]


def test_one_line_has_our_name_for_a_title() -> None:
    fake = Fake()

    async def story(channel: AppriseChannel) -> None:
        assert await channel.send("pager", "A record") == Sent()

    sends(story, pager=fake)
    assert fake.handed == [("Bellwether", "A record")]


def test_what_is_not_accepted_may_have_arrived_and_the_store_is_told_no_words_of_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert end_of(Fake(Failed(500, "no luck at sesame-sesame"))) == Ambiguous("not accepted: HTTP status 500")
    assert end_of(Fake(Failed(None, ""))) == Ambiguous("not accepted")
    assert "pager: no luck at <secret>" in caplog.text
    assert "sesame" not in caplog.text


def test_a_fault_of_a_service_is_told_by_its_kind_only(caplog: pytest.LogCaptureFixture) -> None:
    assert end_of(Fake(RuntimeError("sesame"))) == Ambiguous("a fault of Apprise: RuntimeError")
    assert "sesame" not in caplog.text


def test_a_name_that_is_not_configured_any_more_is_gone() -> None:
    async def story(channel: AppriseChannel) -> None:
        assert isinstance(await channel.send("mail", "A record"), ChatGone)

    sends(story, pager=Fake())


def test_a_service_that_hangs_is_left_and_not_asked_again_before_it_answers() -> None:
    slow, other = Fake(), Fake()
    slow.hangs.clear()

    async def story(channel: AppriseChannel) -> None:
        assert await channel.send("slow", "one") == Ambiguous("no answer within 0.1 s")
        assert isinstance(await channel.send("slow", "two"), RetryLater)
        assert await channel.send("other", "one") == Sent()
        slow.hangs.set()
        while not isinstance(await channel.send("slow", "three"), Sent):
            await asyncio.sleep(0.01)

    sends(story, longest=0.1, slow=slow, other=other)
    assert [body for _, body in slow.handed] == ["one", "three"]


def test_many_that_hang_hold_up_none() -> None:
    slow = {f"slow{number}": Fake() for number in range(20)}
    for each in slow.values():
        each.hangs.clear()

    async def story(channel: AppriseChannel) -> None:
        waiting = [asyncio.create_task(channel.send(name, "one")) for name in slow]
        assert await channel.send("quick", "one") == Sent()
        for each in slow.values():
            each.hangs.set()
        assert await asyncio.gather(*waiting) == [Sent()] * 20

    sends(story, FAST, 5.0, quick=Fake(), **slow)


def test_a_name_has_its_own_pace() -> None:
    async def story(channel: AppriseChannel) -> None:
        assert await channel.send("pager", "one") == Sent()
        assert isinstance(await channel.send("pager", "two"), Resting)
        assert await channel.send("mail", "one") == Sent()

    sends(story, Pace(between=0.001, between_in_chat=60), pager=Fake(), mail=Fake())


def test_at_the_end_who_waits_gets_no_turn() -> None:
    async def story(channel: AppriseChannel) -> None:
        await channel.send("pager", "one")
        waiting = asyncio.create_task(channel.send("pager", "two", rank=Rank.DIGEST))
        await asyncio.sleep(0.05)
        channel.turn_away()
        assert await waiting == Resting(0.0)
        channel.close()
        assert await channel.send("mail", "one") == RetryLater("the service stops")

    sends(story, Pace(between=0.001, between_in_chat=1.5), pager=Fake(), mail=Fake())


def test_nothing_is_sent_where_another_process_works() -> None:
    fake = Fake()

    async def run() -> None:
        channel = AppriseChannel({"pager": fake}, works=lambda: False, pacer=Pacer(FAST))
        assert isinstance(await channel.send("pager", "one"), RetryLater)
        channel.close()

    asyncio.run(run())
    assert fake.handed == []
