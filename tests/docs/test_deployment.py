"""What an operator is handed to run it with: the Dockerfile, compose.yaml and the systemd unit say what holds."""

from __future__ import annotations

import argparse
import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from bot.cli import init
from bot.cli._departure import WHOLE
from bot.cli.main import command_summaries
from bot.settings import Settings, StoreSettings
from bot.settings.environment import read_environment
from bot.watchdog.lag import GAVE_UP

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = [name for name, each in COMPOSE["services"].items() if each["image"] == "bellwether"]


class Unit(configparser.RawConfigParser):
    """A unit file; of a key that is given several times the last counts, which is enough here."""

    def __init__(self) -> None:
        super().__init__(strict=False, interpolation=None, comment_prefixes=("#",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read(ROOT / "docs" / "bellwether.service")


def test_the_dockerfile_is_linted() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_everything_the_image_is_built_from_is_sent_to_the_build() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }  # fmt: skip
    assert copied == sent
    assert all((ROOT / each).exists() for each in copied)


def test_the_image_is_of_the_python_that_is_tested() -> None:
    images = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert images == {"python:3.11-slim"}


@pytest.mark.parametrize("name", OURS)
def test_a_container_has_no_rights_it_does_not_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ulimits"] == {"core": 0}, "a core would hold the token"
    assert "privileged" not in service
    assert "ports" not in service, "health and figures stay inside"


def test_the_database_is_the_embedded_one_unless_the_profile_is_chosen() -> None:
    assert OURS == ["bellwether", "standby"]
    chosen = {name: each.get("profiles") for name, each in COMPOSE["services"].items()}
    assert chosen == {"bellwether": None, "standby": ["postgresql"], "database": ["postgresql"]}


def test_who_stops_it_waits_longer_than_it_takes() -> None:
    grace = int(COMPOSE["services"]["bellwether"]["stop_grace_period"].rstrip("s"))
    assert min(grace, int(Unit()["Service"]["TimeoutStopSec"])) > WHOLE


def test_what_a_watchdog_gave_up_is_started_again_and_a_wrong_configuration_is_not() -> None:
    service = Unit()["Service"]
    assert service["Restart"] == "on-failure"
    assert str(GAVE_UP) not in service["RestartPreventExitStatus"].split()
    assert service["RestartPreventExitStatus"] == "2"
    assert service["RestartForceExitStatus"] == "SIGHUP", "a reload that came before the program could take it"


def test_a_container_comes_back_with_its_machine() -> None:
    """`on-failure` does not, and its tries are counted for a container's whole life."""
    assert {each["restart"] for each in COMPOSE["services"].values()} == {"unless-stopped"}


def test_a_standby_without_a_server_is_no_second_bot() -> None:
    """On a SQLite file of its own it would poll with the same token, and tell every alert once more."""
    url = COMPOSE["services"]["standby"]["environment"]["BELLWETHER_STORE__URL"]
    assert url == "${BELLWETHER_STORE__URL:-}"
    with pytest.raises(ValidationError):
        StoreSettings(url=SecretStr(""))


def test_every_setting_they_name_exists() -> None:
    texts = (DOCKERFILE, (ROOT / "compose.yaml").read_text(), (ROOT / "docs" / "bellwether.service").read_text())
    named = {name for text in texts for name in re.findall(r"(BELLWETHER_\w+)[=:]", text)}
    assert len(named) >= 4
    lists = {"BELLWETHER_TELEGRAM__ALLOW": "[7]", "BELLWETHER_TELEGRAM__ADMINS": "[7]"}
    found = read_environment(Settings, {name: lists.get(name, "x") for name in named})
    assert found.problems == []
    for section, key in found.variables:
        assert key in Settings.model_fields[str(section)].annotation.model_fields  # type: ignore[union-attr]


def test_what_they_run_is_a_command() -> None:
    called = re.findall(r'"bellwether", "(\w+)"', DOCKERFILE) + re.findall(
        r'^CMD \["(\w+)"\]', DOCKERFILE, re.MULTILINE
    )
    called += re.findall(r"bin/bellwether (\w+)", (ROOT / "docs" / "bellwether.service").read_text())
    assert set(called) == {"health", "run"}
    assert set(called) <= set(command_summaries())


def test_the_unit_reads_what_is_written_for_it_where_a_reload_sees_it() -> None:
    """It could not start: its user may read no file of root's alone. And by hand another database was looked at, since
    the unit alone named the one that it used.
    """
    service, told = Unit()["Service"], (ROOT / "docs" / "operations.md").read_text()
    (line,) = re.findall(r"^\.venv/bin/bellwether (init .*)$", told, re.MULTILINE)
    parser = argparse.ArgumentParser()
    init.configure(parser)
    given = parser.parse_args(line.split()[1:])
    assert service["ExecStart"].endswith(f" run --config {given.config}")
    assert given.secrets_in_environment, "a dynamic user reads only what all may read"
    assert Path(given.store).parent == Path("/var/lib") / service["StateDirectory"]
    assert "STORE__URL" not in service["Environment"]
    assert "LoadCredential" not in service, "a credential is copied at the start: no reload would see an edited file"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Its program has another place here."""
    unit = tmp_path / "bellwether.service"
    text = (ROOT / "docs" / "bellwether.service").read_text()
    unit.write_text(re.sub(r"(ExecStart=)\S+", rf"\1{sys.executable}", text))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
