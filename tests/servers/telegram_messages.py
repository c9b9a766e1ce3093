"""What a request to Telegram holds: its words and its picture, read, measured and refused as Telegram does."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from aiohttp import web

from tests.bot.render.html import LONGEST, TelegramReader
from tests.servers.telegram_faults import Refused
from tests.servers.telegram_posted import Keys

LONGEST_CAPTION = 1024
MOST_BUTTONS, LONGEST_DATA = 100, 64
LARGEST_PHOTO = 10_485_760
LARGEST_REQUEST = 50 * 2**20
PNG = b"\x89PNG\r\n\x1a\n"

Params = Mapping[str, Any]
"""Arguments by name: text, or the bytes of a file."""


async def read_params(request: web.Request) -> Params:
    """Arguments in any of the ways that Telegram takes them."""
    if (request.content_length or 0) > LARGEST_REQUEST:
        raise Refused(413, "Request Entity Too Large")
    if request.content_type == "multipart/form-data":
        return {**request.query, **await _parts(request)}
    if request.content_type == "application/json":
        return {**request.query, **await request.json()}
    return {**request.query, **await request.post()}


async def _parts(request: web.Request) -> dict[str, str | bytes]:
    """The fields of a form. aiohttp's own reader warns of itself where a chunk ends amid a boundary."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + await request.read())
    parts: dict[str, str | bytes] = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str), "a field without a name"
        assert isinstance(content, bytes), "a form in a form"
        parts[name] = content if part.get_filename() else content.decode()
    return parts


def read_text(text: str, parse_mode: str | None) -> str:
    """A message as a reader sees it. Raises Refused as Telegram words it."""
    plain = _without_markup(text, parse_mode)
    if not plain.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if units(plain) > LONGEST:
        raise Refused(400, "Bad Request: message is too long")
    return plain


def read_caption(caption: str, parse_mode: str | None) -> str:
    """The words beneath a picture, which may be none, as a reader sees them. Raises Refused."""
    plain = _without_markup(caption, parse_mode)
    if units(plain) > LONGEST_CAPTION:
        raise Refused(400, "Bad Request: message caption is too long")
    return plain


def read_photo(photo: object) -> bytes:
    """The picture of a request, a PNG of bearable size. Raises Refused."""
    if not isinstance(photo, bytes):
        raise Refused(400, "Bad Request: there is no photo in the request")
    if not photo:
        raise Refused(400, "Bad Request: file must be non-empty")
    if len(photo) > LARGEST_PHOTO:
        told = f"file of size {len(photo)} bytes is too big for a photo; the maximum size is {LARGEST_PHOTO} bytes"
        raise Refused(400, f"Bad Request: {told}")
    if not photo.startswith(PNG) or photo[12:16] != b"IHDR" or len(photo) < 24:
        raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
    width, height = size_of(photo)
    if not width or not height or width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return photo


def read_keyboard(params: Params) -> Keys:
    """The buttons of a request, none without any. Raises Refused."""
    markup = json.loads(params.get("reply_markup") or "{}")
    rows = markup.get("inline_keyboard", [])
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise Refused(400, "Bad Request: reply markup is too long")
    return tuple(tuple(_button(each) for each in row) for row in rows if row)


def _button(button: Mapping[str, Any]) -> tuple[str, str]:
    label, data = str(button.get("text", "")), button.get("callback_data")
    if not label.strip():
        raise Refused(400, "Bad Request: can't parse inline keyboard button: text must be non-empty")
    if not isinstance(data, str):
        raise Refused(400, "Bad Request: can't parse inline keyboard button: text buttons are unallowed")
    if not 1 <= len(data.encode()) <= LONGEST_DATA:
        raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return label, data


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def _without_markup(text: str, parse_mode: str | None) -> str:
    if parse_mode is None:
        return text
    if parse_mode != "HTML":
        raise Refused(400, "Bad Request: unsupported parse_mode")
    reader = TelegramReader(text)
    sizes = ("no text at all", f"{reader.units} units are too long")
    faults = [each for each in reader.faults if each not in sizes]
    if faults:
        raise Refused(400, f"Bad Request: can't parse entities: {faults[0]}")
    return reader.text


def units(plain: str) -> int:
    """UTF-16 units, which Telegram counts in."""
    return len(plain.encode("utf-16-le", "surrogatepass")) // 2
