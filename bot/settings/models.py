"""The shape of the configuration: sections, types, bounds. What they are by default stands in config.example.toml."""

from __future__ import annotations

import os
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.settings.environment import read_environment
from bot.settings.fields import ChannelName, Count, InstrumentId, RuleId, Section, Symbol, Tag, Whole
from bot.settings.files import FileName, FileSettings
from bot.settings.live_feeds import SourceFeed
from bot.settings.operations import (
    ChannelSettings,
    LogSettings,
    RetentionSettings,
    WatchdogSettings,
    WebSettings,
)
from bot.settings.service import (
    DeliverySettings,
    EvidenceSettings,
    FeedsSettings,
    PicturesSettings,
    RunSettings,
    StoreSettings,
    TelegramSettings,
)
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.model import XNYS, Basis, Delivery, Instrument, Kind, Rule, Severity, Source, Timing


@cache
def built_in_text() -> str:
    """config.example.toml: in an installed package inside `bot`, in a checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    inside, beside = package / "config.example.toml", package.parent / "config.example.toml"
    return (inside if inside.exists() else beside).read_text(encoding="utf-8")


@cache
def built_in() -> dict[str, Any]:
    """The built-in configuration as plain values, read once and the same for every caller: nobody changes it."""
    return tomllib.loads(built_in_text())


class MarketSettings(Section):
    """Where answers and replays have their prices from, and how long a rule waits for late ones."""

    data: str
    """A folder of [price files](data-files.md) for answers and replays, and for a live feed that reads one; empty: a
    simulated market."""
    seed: Annotated[Whole, Field(ge=0, le=2**32)]
    """Which simulated market."""
    grace_minutes: Annotated[Whole, Field(ge=0, le=24 * 60)]
    """After a close, how long a rule waits for prices that are late; also live."""


class InstrumentSettings(Section):
    """One instrument; its id is the table's name."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    """The name a reader sees."""
    kind: Kind
    """How it is settled and judged."""
    calendar: str = XNYS
    """The code of an exchange's calendar, or `24/7`."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,5}$")] = "USD"
    """The money its prices are in."""
    sources: dict[SourceFeed, Symbol] = Field(default={})
    """Live feeds and the symbol at each, in order of preference."""
    proxies: tuple[str, ...] = ()
    """Ids of what moves with it, or in case of volatility against it: [they speak for a large move](data-quality.md),
    or against it."""


class RuleSettings(Section):
    """One rule as it is written."""

    id: RuleId
    """Its name."""
    when: str
    """The condition that fires it."""
    clear: str | None = None
    """The condition that resolves and re-arms it; unless said: not `when`."""
    on: Basis = Basis.CLOSE
    """`close`: closed bars only. `tick`: also the session in progress, on every poll; live only, files and replay have
    none."""
    confirm: Count = 1
    """Known rows in a row until it fires; of a tick rule: polls."""
    confirm_clear: Count = 1
    """Known rows in a row until it resolves; of a tick rule: polls."""
    cooldown: Annotated[Whole, Field(ge=0, le=2520)] = 0
    """Known rows after a firing in which it does not fire again."""
    expires: Annotated[Whole, Field(ge=1, le=2520)] | None = None
    """Known rows after which it resolves by itself; it fires again only after its condition was not TRUE. Unless said,
    never."""
    severity: Severity = Severity.NOTICE
    """How loudly it speaks."""
    tags: tuple[Tag, ...] = ()
    """For readers; of `regime` and `component` the second is [told under the first](regime.md#one-message-a-change);
    rules that share a tag beginning with `together-` and fire at one close are [one
    message](decisions/0028-together.md)."""
    title: Annotated[str, StringConstraints(max_length=120)] = ""
    """For readers; unless said, the condition."""
    notify_resolved: bool = False
    """Tell also when it resolves."""
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    """Whether a message that was in flight at a crash is sent again, marked, or not."""
    enabled: bool = True
    """`false` keeps it out."""

    def rule(self) -> Rule:
        """The rule as the engine knows it."""
        return Rule(
            self.id, self.when, self.clear, self.on,
            Timing(self.confirm, self.confirm_clear, self.cooldown, self.expires),
            self.severity, self.tags, self.title, self.notify_resolved, self.delivery, self.enabled,
        )  # fmt: skip


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    market: MarketSettings
    files: dict[FileName, FileSettings]
    run: RunSettings
    store: StoreSettings
    telegram: TelegramSettings
    feeds: FeedsSettings
    delivery: DeliverySettings
    channels: dict[ChannelName, ChannelSettings]
    watchdog: WatchdogSettings
    web: WebSettings
    log: LogSettings
    retention: RetentionSettings
    pictures: PicturesSettings
    evidence: EvidenceSettings
    baskets: dict[InstrumentId, tuple[str, ...]]
    instruments: dict[InstrumentId, InstrumentSettings]
    rules: tuple[RuleSettings, ...]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over the user's file over the built-in file. pydantic-settings names the arguments."""
        environment = InitSettingsSource(settings_cls, read_environment(settings_cls, os.environ).values)
        return environment, init_settings, InitSettingsSource(settings_cls, built_in())

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no output may hold."""
        channels = [secret for each in self.channels.values() for secret in each.secrets]
        token = self.telegram.token.get_secret_value()
        return (*([token] if token else []), *self.store.secrets, *self.watchdog.secrets, *channels)

    @cached_property
    def instrument_map(self) -> dict[str, Instrument]:
        """The instruments as the engine knows them."""
        return {
            name: Instrument(
                name, each.name, each.kind, each.calendar, each.currency,
                tuple(Source(feed, symbol) for feed, symbol in each.sources.items()), each.proxies,
            )
            for name, each in self.instruments.items()
        }  # fmt: skip

    @cached_property
    def scope(self) -> Scope:
        """What an expression may name."""
        return Scope(self.instrument_map, dict(self.baskets))

    @cached_property
    def compiled(self) -> tuple[CompiledRule, ...]:
        """The enabled rules, ready to be judged."""
        return tuple(compile_rule(each.rule(), self.scope) for each in self.rules if each.enabled)
