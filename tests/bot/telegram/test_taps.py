"""A tapped button is a line that somebody could have written: kept, answered once, refused to strangers, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.answers.buttons import Button, Place
from bot.delivery.channel import Answer, Frame, Sent
from bot.store.database import Database
from bot.store.retention import Limits, prune
from bot.store.taps import token_of
from bot.telegram.access import Access
from bot.telegram.answering import FAILED, TOO_SLOW
from bot.telegram.application import TelegramService
from bot.telegram.asking import TOO_OLD
from bot.telegram.incoming import Incoming, Move, Tap
from bot.telegram.letterbox import StoredLetters
from rules.bars import DAY
from tests.bot.store.stores import NOW, opened, stored
from tests.bot.telegram.kept import KEYS, MUTE, REFRESH, WHY, live_kept
from tests.bot.telegram.service import SOON, Pile, arrives, live, png, until
from tests.servers.telegram import TelegramServer
from tests.servers.telegram_taps import inaccessible

SHORT = "<b>RUT and SOL</b>"
WORN = replace(SOON, flash=0.1)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(1001)
        yield running


class Shop:
    """Answers what is written with buttons, and taps with what a test lays out; it notes what it was asked."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or Answer("done", notice="Noted")
        self.asked: list[Incoming] = []
        self.slow = 0.0

    async def __call__(self, incoming: Incoming) -> Answer:
        self.asked.append(incoming)
        if incoming.tap is None:
            return Answer("RUT at a record", buttons=KEYS)
        await asyncio.sleep(self.slow)
        return self.answer

    @property
    def tapped(self) -> list[str]:
        """The lines of the buttons that were tapped."""
        return [each.text for each in self.asked if each.tap is not None]


def has_sent(server: TelegramServer, messages: int) -> bool:
    return len(server.sent) == messages


# A line like any other


def test_a_button_is_shown_and_what_it_stands_for_is_answered_beneath(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop(Answer("because"))

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        server.taps("Why")
        await arrives(server, "because")

    live_kept(server, story, tmp_path, answer=shop)
    first, second = server.sent
    assert first.labels == [["Why", "Refresh"], ["Mute"]]
    assert (second.replies_to, second.buttons, shop.tapped) == (first.message_id, (), ["/why 7"])
    assert [each.text for each in server.flashes] == [""]


def test_the_buttons_of_an_alert_are_understood_as_well(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop(Answer("because"))

    async def story(service: TelegramService) -> None:
        sent = await service.channel.send("1001", "RUT at a record", frame=Frame(KEYS))
        assert isinstance(sent, Sent)
        server.taps("Why")
        await arrives(server, "because")

    live_kept(server, story, tmp_path, answer=shop)
    assert shop.tapped == ["/why 7"]


def test_a_tap_is_flashed_what_its_answer_says(server: TelegramServer, tmp_path: Path) -> None:
    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        server.taps("Why")
        await arrives(server, "done")

    live_kept(server, story, tmp_path, answer=Shop())
    assert [(each.text, each.alert) for each in server.flashes] == [("Noted", False)]


def test_a_slow_answer_does_not_keep_a_button_busy(server: TelegramServer, tmp_path: Path) -> None:
    """It turned for as long as an answer may take."""
    shop = Shop()
    shop.slow = 0.6

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        server.taps("Why")
        await asyncio.to_thread(server.waits_for_flash, "")
        assert len(server.sent) == 1
        await arrives(server, "done")

    live_kept(server, story, tmp_path, answer=shop, limits=WORN)
    assert [each.text for each in server.flashes] == [""]


def test_a_tap_that_waits_behind_a_slow_line_is_not_busy_either(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop()

    async def slowly(incoming: Incoming) -> Answer:
        await asyncio.sleep(0.6 if incoming.text == "/slow" else 0.0)
        return await shop(incoming)

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        server.hears("/slow")
        server.taps("Why")
        await asyncio.to_thread(server.waits_for_flash, "")
        assert shop.tapped == []
        await arrives(server, "done")

    live_kept(server, story, tmp_path, answer=slowly, limits=WORN)


def test_a_tap_that_telegram_hands_out_twice_is_answered_once(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop()

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        number = server.taps("Why")
        await arrives(server, "done")
        await until(lambda: server.has_handed_out(number))
        server.hands_out_again(number)
        server.hears("/last")
        await until(lambda: len(server.sent) == 3)

    live_kept(server, story, tmp_path, answer=shop)
    assert shop.tapped == ["/why 7"]
    assert [each.plain for each in server.sent] == ["RUT at a record", "done", "RUT at a record"]


def test_a_tap_that_a_killed_process_has_kept_is_answered_by_the_next(server: TelegramServer, tmp_path: Path) -> None:
    """Where it was tapped, and how, is kept with it."""
    shop = Shop(Answer("because", buttons=KEYS))

    async def first(service: TelegramService) -> None:
        await service.channel.send("1001", "RUT at a record", frame=Frame(KEYS))

    live_kept(server, first, tmp_path)
    [posted] = server.sent
    token = token_of("telegram", "1001", REFRESH)
    tap = Tap("770001", posted.message_id, token=token)

    async def killed() -> None:
        database = opened(tmp_path)
        await StoredLetters(database, lambda: NOW).keep([Incoming("1001", "private", 1001, "", number=3, tap=tap)])
        await database.close()

    asyncio.run(killed())

    async def second(_service: TelegramService) -> None:
        await asyncio.to_thread(server.waits_for_edit, "because")

    live_kept(server, second, tmp_path, answer=shop)
    [asked] = shop.asked
    assert (asked.text, asked.tap) == ("/corr RUT SOL", replace(tap, token="", place=Place.HERE))


def test_of_an_answered_tap_nothing_is_kept_but_its_number(server: TelegramServer, tmp_path: Path) -> None:
    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        server.taps("Why")
        await arrives(server, "done")

    live_kept(server, story, tmp_path, answer=Shop())

    async def left() -> object:
        database = opened(tmp_path)
        try:
            return await StoredLetters(database, lambda: NOW).unanswered()
        finally:
            await database.close()

    assert asyncio.run(left()) == []


# What nobody understands


def taps_nothing(server: TelegramServer, data: str, folder: Path, **more: Any) -> Shop:
    """Somebody taps what was never on a button, and then goes on."""
    shop, before = Shop(), len(server.sent)

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await until(lambda: len(server.sent) == before + 1)
        server.taps_data(data, **more)
        server.hears("/last")
        await until(lambda: len(server.sent) == before + 2)

    live_kept(server, story, folder, answer=shop)
    return shop


@pytest.mark.parametrize(
    "data", ["x", "x" * 5_000, "'; drop table taps; --", "/stop", "\u202e/stop\0", "<b>", '{"a": 1}', "🟠" * 16]
)
def test_what_was_never_on_a_button_does_nothing_and_says_so(server: TelegramServer, data: str, tmp_path: Path) -> None:
    shop = taps_nothing(server, data, tmp_path)
    assert [each.text for each in server.flashes] == [TOO_OLD]
    assert shop.tapped == []


def test_a_tap_beneath_no_message_is_passed_by(server: TelegramServer, tmp_path: Path) -> None:
    shop = taps_nothing(server, "f00d", tmp_path, message=None, inline_message_id="x")
    assert (server.flashes, shop.tapped) == ([], [])


def test_a_button_of_another_chat_means_nothing_here(server: TelegramServer, tmp_path: Path) -> None:
    """Whoever knows its token may be anybody: it is a digest of what is not secret."""
    server.knows(2002)

    async def story(service: TelegramService) -> None:
        await service.channel.send("2002", "RUT at a record", frame=Frame(KEYS))

    live_kept(server, story, tmp_path)
    shop = taps_nothing(server, token_of("telegram", "2002", MUTE), tmp_path)
    assert [each.text for each in server.flashes] == [TOO_OLD]
    assert shop.tapped == []


def test_a_button_whose_line_was_never_shown_here_means_nothing(server: TelegramServer, tmp_path: Path) -> None:
    shop = taps_nothing(server, token_of("telegram", "1001", Button("Stop", "/stop")), tmp_path)
    assert [each.text for each in server.flashes] == [TOO_OLD]
    assert shop.tapped == []


def test_a_button_that_was_forgotten_is_too_old_and_shown_again_it_is_understood(
    server: TelegramServer, tmp_path: Path
) -> None:
    shop, letters = Shop(), Limits(deliveries=DAY, events=DAY, revisions=DAY, chats=90 * DAY)

    async def first(service: TelegramService) -> None:
        await service.channel.send("1001", "RUT at a record", frame=Frame(KEYS))

    async def forgets() -> None:
        database = opened(tmp_path)
        async with database.write() as connection:
            assert (await prune(connection, letters, NOW + 91 * DAY, 100)).taps == 3
        await database.close()

    async def second(_service: TelegramService) -> None:
        server.taps("Why")
        await asyncio.to_thread(server.waits_for_flash, TOO_OLD)
        server.hears("/corr")
        await until(lambda: len(server.sent) == 2)
        server.taps("Why", beneath=server.sent[0].message_id)
        await arrives(server, "done")

    live_kept(server, first, tmp_path)
    asyncio.run(forgets())
    live_kept(server, second, tmp_path, answer=shop)
    assert shop.tapped == ["/why 7"]


def test_a_button_of_a_group_that_moved_is_understood_where_it_is_now(server: TelegramServer, tmp_path: Path) -> None:
    old, new = -5, -1005
    server.knows(old, "group")

    async def first(service: TelegramService) -> None:
        await service.channel.send(str(old), "RUT at a record", frame=Frame(KEYS))

    live_kept(server, first, tmp_path)

    async def moves() -> None:
        database = opened(tmp_path)
        await StoredLetters(database, lambda: NOW).keep([], [Move(str(old), str(new))])
        await database.close()

    asyncio.run(moves())
    shop = Shop()
    server.knows(new, "supergroup")

    async def second(service: TelegramService) -> None:
        await service.channel.send(str(new), "moved")
        server.taps_data(token_of("telegram", str(old), WHY), chat=new)
        await arrives(server, "done")

    live_kept(server, second, tmp_path, answer=shop)
    assert shop.tapped == ["/why 7"]


# Who may


def test_a_strangers_tap_is_told_so_and_does_nothing(server: TelegramServer, tmp_path: Path) -> None:
    shop, group = Shop(), -4242
    server.knows(group, "supergroup")

    async def story(service: TelegramService) -> None:
        await service.channel.send(str(group), "RUT at a record", frame=Frame(KEYS))
        server.taps("Mute", chat=group, user=666)
        await asyncio.to_thread(server.waits_for_flash, "Your id is 666")
        server.taps("Why", chat=group, user=1001)
        await arrives(server, "done")

    live_kept(server, story, tmp_path, answer=shop, access=Access(frozenset({1001})))
    assert shop.tapped == ["/why 7"]
    assert [(each.text[:11], each.alert) for each in server.flashes] == [("Your id is ", True), ("Noted", False)]


def test_a_stranger_who_taps_again_is_told_no_more_but_the_button_is_not_busy(
    server: TelegramServer, tmp_path: Path
) -> None:
    """Within a minute a second tap was not answered at all, and its button span on."""
    shop, group = Shop(), -4242
    server.knows(group, "supergroup")

    async def story(service: TelegramService) -> None:
        await service.channel.send(str(group), "RUT at a record", frame=Frame(KEYS))
        server.taps("Mute", chat=group, user=666)
        server.taps("Mute", chat=group, user=666)
        await until(lambda: len(server.flashes) == 2)

    live_kept(server, story, tmp_path, answer=shop, access=Access(frozenset({1001})))
    assert shop.tapped == []
    assert sorted((each.text[:11], each.alert) for each in server.flashes) == [("", False), ("Your id is ", True)]


def test_whoever_taps_too_often_waits_like_one_who_writes_too_often(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop()

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        for _ in range(4):
            server.taps("Mute")
        await asyncio.to_thread(server.waits_for_flash, "3 lines a minute")
        await until(lambda: len(shop.tapped) == 2)

    live_kept(server, story, tmp_path, answer=shop, limits=replace(SOON, a_minute=3))
    assert len(shop.tapped) == 2


def test_who_was_let_out_while_a_tap_waited_gets_no_answer(server: TelegramServer) -> None:
    shop = Shop()
    pile = Pile(Incoming("1001", "private", 1001, "/why 7", number=3, tap=Tap("1", 5, place=Place.BELOW)))

    async def story(_service: TelegramService) -> None:
        await until(lambda: len(pile.done) == 1)

    live(server, story, letters=pile, answer=shop, access=Access())
    assert shop.asked == []


# In place


def refreshes(
    server: TelegramServer, folder: Path, before: Answer, after: Answer, label: str = "Refresh", **parts: Any
) -> None:
    """An answer with buttons, one of which is tapped; then a last line, so that whatever came too much is seen."""

    async def answer(incoming: Incoming) -> Answer:
        if incoming.text == "/last":
            return Answer("the last")
        return before if incoming.tap is None else after

    async def story(_service: TelegramService) -> None:
        server.hears("/corr RUT SOL")
        await until(lambda: any(each.buttons for each in server.sent))
        number = server.taps(label)
        await until(lambda: server.has_handed_out(number))
        server.hears("/last")
        await arrives(server, "the last")

    live_kept(server, story, folder, answer=answer, **parts)
    assert server.sent.pop().plain == "the last"


def test_a_text_is_changed_in_its_place_with_its_buttons(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer("r .41", buttons=KEYS), Answer("r <b>.42</b>", buttons=((WHY,),)))
    [posted] = server.sent
    now = server.reads_now(posted)
    assert (now.plain, now.labels) == ("r .42", [["Why"]])


def test_a_text_that_became_too_long_is_shortened_in_its_place(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer("r .41", buttons=KEYS), Answer("x\n" * 4_000, buttons=KEYS))
    [posted] = server.sent
    assert server.reads_now(posted).plain.endswith("shortened")


def test_a_picture_is_changed_with_its_words(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer(SHORT, png(), buttons=KEYS), Answer("new", png(20, 10), buttons=KEYS))
    [posted] = server.sent
    now = server.reads_now(posted)
    assert (posted.size, now.size, now.plain, now.buttons) == ((1_080, 600), (20, 10), "new", posted.buttons)


def test_a_text_gets_a_picture(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer("words", buttons=KEYS), Answer("new", png(), buttons=KEYS))
    now = server.reads_now(server.sent[0])
    assert (now.size, now.plain) == ((1_080, 600), "new")


def test_new_words_without_a_picture_stand_beneath_the_old_one(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer(SHORT, png(), buttons=KEYS), Answer("new", buttons=KEYS))
    now = server.reads_now(server.sent[0])
    assert (now.size, now.plain, len(server.sent)) == ((1_080, 600), "new", 1)


def test_words_that_do_not_fit_beneath_a_picture_come_below_and_the_old_buttons_go(
    server: TelegramServer, tmp_path: Path
) -> None:
    refreshes(server, tmp_path, Answer(SHORT, png(), buttons=KEYS), Answer("x" * 2_000, buttons=KEYS))
    old, new = server.sent
    assert server.reads_now(old).buttons == ()
    assert (new.replies_to, len(new.plain), new.labels) == (old.message_id, 2_000, old.labels)


@pytest.mark.parametrize("method", ["editMessageMedia", "editMessageText"])
def test_that_nothing_has_changed_is_well(server: TelegramServer, tmp_path: Path, method: str) -> None:
    picture = png() if method == "editMessageMedia" else None
    server.fails_with(400, "Bad Request: message is not modified: exactly the same", method=method)
    refreshes(server, tmp_path, Answer(SHORT, picture, buttons=KEYS), Answer(SHORT, picture, buttons=KEYS))
    assert (len(server.sent), server.calls.count(method)) == (1, 1)


@pytest.mark.parametrize("told", ["message can't be edited", "message to edit not found", "MESSAGE_ID_INVALID"])
def test_what_cannot_be_changed_is_answered_below(server: TelegramServer, tmp_path: Path, told: str) -> None:
    server.fails_with(400, f"Bad Request: {told}", method="editMessageText")
    refreshes(server, tmp_path, Answer("r .41", buttons=KEYS), Answer("r .42", buttons=KEYS))
    old, new = server.sent
    assert (new.plain, new.labels, new.replies_to) == ("r .42", old.labels, old.message_id)


def test_a_message_that_was_deleted_is_answered_below(server: TelegramServer, tmp_path: Path) -> None:
    async def answer(incoming: Incoming) -> Answer:
        return Answer("r .42" if incoming.tap else "r .41", buttons=KEYS)

    async def story(_service: TelegramService) -> None:
        server.hears("/corr RUT SOL")
        await arrives(server, "r .41")
        [old] = server.sent
        server.taps_data(dict(old.buttons[0])["Refresh"], message=inaccessible(old, {"id": 1001, "type": "private"}))
        server.deletes(old)
        await arrives(server, "r .42")

    live_kept(server, story, tmp_path, answer=answer)
    assert server.sent[1].replies_to is None


def test_new_words_whose_markup_is_wrong_are_shown_plain(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer("r .41", buttons=KEYS), Answer("r < .42", buttons=KEYS))
    now = server.reads_now(server.sent[0])
    assert (now.plain, now.parse_mode) == ("r < .42", None)


def test_a_change_that_telegram_wants_later_is_made_later(server: TelegramServer, tmp_path: Path) -> None:
    server.fails_with(429, retry_after=1, method="editMessageText")
    refreshes(server, tmp_path, Answer("r .41", buttons=KEYS), Answer("r .42", buttons=KEYS))
    assert (server.reads_now(server.sent[0]).plain, len(server.sent)) == ("r .42", 1)


def test_a_change_that_was_not_answered_is_made_once_more(server: TelegramServer, tmp_path: Path) -> None:
    """It may have been made: then nothing changes, which is well."""
    server.loses_answers(method="editMessageText")
    refreshes(server, tmp_path, Answer("r .41", buttons=KEYS), Answer("r .42", buttons=KEYS))
    assert (server.reads_now(server.sent[0]).plain, len(server.sent)) == ("r .42", 1)


@pytest.mark.parametrize("was_picture", [True, False])
def test_a_picture_that_is_not_taken_leaves_the_new_words(
    server: TelegramServer, tmp_path: Path, was_picture: bool
) -> None:
    server.fails_with(400, "Bad Request: IMAGE_PROCESS_FAILED", method="editMessageMedia")
    before = Answer(SHORT, png() if was_picture else None, buttons=KEYS)
    refreshes(server, tmp_path, before, Answer("new", png(), buttons=KEYS))
    assert [server.reads_now(each).plain for each in server.sent] == ["new"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_picture_that_was_not_answered_leaves_the_new_words_whether_it_arrived_or_not(
    server: TelegramServer, tmp_path: Path, arrived: bool
) -> None:
    if arrived:
        server.loses_answers(2, method="editMessageMedia")
    else:
        server.resets(times=2, method="editMessageMedia")
    refreshes(server, tmp_path, Answer("words", buttons=KEYS), Answer("new", png(), buttons=KEYS))
    assert [server.reads_now(each).plain for each in server.sent] == ["new"]


@pytest.mark.parametrize("label", ["Refresh", "Mute"])
def test_a_refusal_is_flashed_and_changes_nothing(server: TelegramServer, tmp_path: Path, label: str) -> None:
    """Any member of a group could have taken the buttons away from its administrators."""
    before = Answer("RUT at a record", buttons=KEYS)
    refreshes(server, tmp_path, before, Answer("That is for <b>administrators</b>."), label)
    [posted] = server.sent
    assert (server.edited, server.reads_now(posted)) == ([], posted)
    assert [(each.text, each.alert) for each in server.flashes] == [("That is for administrators.", True)]


def test_a_refusal_that_is_too_long_to_be_flashed_is_sent_below(server: TelegramServer, tmp_path: Path) -> None:
    refreshes(server, tmp_path, Answer("RUT at a record", buttons=KEYS), Answer("no" * 150))
    old, new = server.sent
    assert (server.reads_now(old), new.replies_to, new.plain) == (old, old.message_id, "no" * 150)
    assert [each.text for each in server.flashes] == [""]


def test_an_apology_takes_no_messages_place(server: TelegramServer, tmp_path: Path) -> None:
    async def answer(incoming: Incoming) -> Answer:
        if incoming.tap is None:
            return Answer("r .41", buttons=KEYS)
        raise ZeroDivisionError

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "r .41")
        server.taps("Refresh")
        await asyncio.to_thread(server.waits_for_flash, FAILED)

    live_kept(server, story, tmp_path, answer=answer)
    assert server.reads_now(server.sent[0]).plain == "r .41"


def test_an_answer_that_takes_too_long_is_said_below(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop()
    shop.slow = 5.0

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        server.taps("Refresh")
        await arrives(server, TOO_SLOW)

    live_kept(server, story, tmp_path, answer=shop, limits=replace(WORN, answer=0.3))
    assert server.reads_now(server.sent[0]).plain == "RUT at a record"


# Only the buttons


def test_buttons_are_changed_beneath_the_same_words_and_the_answer_is_flashed(
    server: TelegramServer, tmp_path: Path
) -> None:
    undo = Button("Undo", "/unmute rut-record-close", Place.KEYS)
    after = Answer("<b>Muted</b> until tomorrow", buttons=((undo,),))
    refreshes(server, tmp_path, Answer("RUT at a record", buttons=KEYS), after, "Mute")
    [posted] = server.sent
    now = server.reads_now(posted)
    assert (now.plain, now.labels) == ("RUT at a record", [["Undo"]])
    assert [each.text for each in server.flashes] == ["Muted until tomorrow"]


def test_what_is_flashed_is_cut(server: TelegramServer, tmp_path: Path) -> None:
    after = Answer("🟠" * 300, buttons=((WHY,),))
    refreshes(server, tmp_path, Answer("RUT at a record", buttons=KEYS), after, "Mute")
    assert [each.text for each in server.flashes] == ["🟠" * 100]


def test_what_is_said_nowhere_else_is_flashed_without_its_markup(server: TelegramServer, tmp_path: Path) -> None:
    after = Answer("<b>Muted</b> &amp; well", buttons=((WHY,),))
    refreshes(server, tmp_path, Answer("RUT at a record", buttons=KEYS), after, "Mute")
    assert [(each.text, each.alert) for each in server.flashes] == [("Muted & well", False)]


def test_what_could_not_be_flashed_is_sent(server: TelegramServer, tmp_path: Path) -> None:
    """The process was away for longer than Telegram waits; whoever tapped still wants to know."""
    server.fails_with(400, "Bad Request: query is too old", method="answerCallbackQuery")
    refreshes(server, tmp_path, Answer("RUT at a record", buttons=KEYS), Answer("Muted", buttons=((WHY,),)), "Mute")
    old, words = server.sent
    assert (server.reads_now(old).labels, words.plain, words.buttons) == ([["Why"]], "Muted", ())
    assert server.calls.count("answerCallbackQuery") == 1


def test_what_was_flashed_is_not_sent_though_the_buttons_come_later(server: TelegramServer, tmp_path: Path) -> None:
    server.fails_with(429, retry_after=1, method="editMessageReplyMarkup", times=2)
    limits = replace(SOON, attempts=1, again=0.05)
    after = Answer("Muted", buttons=((WHY,),))
    refreshes(server, tmp_path, Answer("RUT at a record", buttons=KEYS), after, "Mute", limits=limits)
    [posted] = server.sent
    assert server.reads_now(posted).labels == [["Why"]]
    assert [each.text for each in server.flashes] == ["Muted"]


# What Telegram or the database does not take


def test_buttons_that_telegram_refuses_cost_no_words(server: TelegramServer, tmp_path: Path) -> None:
    async def answer(_incoming: Incoming) -> Answer:
        return Answer("RUT at a record", buttons=((Button(" ", "/why 7"),),))

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")

    live_kept(server, story, tmp_path, answer=answer)
    assert server.sent[0].buttons == ()


def test_buttons_that_cannot_be_kept_are_not_shown(server: TelegramServer, caplog: pytest.LogCaptureFixture) -> None:
    pile = Pile()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        pile.breaks()
        assert isinstance(await service.channel.send("1001", "RUT at a record", frame=Frame(KEYS)), Sent)

    live(server, story, letters=pile)
    assert server.sent[0].buttons == ()
    assert "a message goes without its buttons" in caplog.text


def test_answering_taps_never_fails(server: TelegramServer, tmp_path: Path) -> None:
    shop = Shop()
    for breaks in (server.fails_with, server.answers_html):
        breaks(429, method="answerCallbackQuery")
    server.resets(method="answerCallbackQuery")

    async def story(_service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT at a record")
        for number in range(3):
            server.taps("Why")
            await until(partial(has_sent, server, number + 2))

    live_kept(server, story, tmp_path, answer=shop)
    assert server.flashes == []
    assert server.calls.count("answerCallbackQuery") == 3


def test_the_store_keeps_a_tap_as_it_was(tmp_path: Path) -> None:
    tap = Tap("77", 5, has_picture=True, place=Place.KEYS)
    dead = Incoming("1001", "private", 1001, "", number=4, tap=Tap("78", 6))

    async def story(database: Database) -> list[Incoming]:
        letters = StoredLetters(database, lambda: NOW)
        await letters.shown("1001", KEYS)
        token = token_of("telegram", "1001", MUTE)
        line = Incoming("1001", "private", 1001, "", number=3, tap=replace(tap, token=token, place=None))
        await letters.keep([line, replace(dead, tap=replace(dead.tap or tap, token="f00d"))])
        return list(await letters.unanswered())

    known = Incoming("1001", "private", 1001, "/mute rut-record-close", number=3, tap=tap)
    assert stored(tmp_path, story) == [known, dead]
