"""The image's own steps, by hand: it builds from what it is sent alone, and serves with a read-only root and no root
user.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.world import ROOT
from tests.soak.image import Container, a_layer, build, stages

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts"),
]


def sent_to_the_build(context: Path) -> Path:
    """What .dockerignore lets pass."""
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    context.mkdir()
    for name in kept:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, context / name)
    return context


def test_the_image_builds_and_serves_without_root_on_a_read_only_root(tmp_path: Path) -> None:
    first, second = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    context, places = sent_to_the_build(tmp_path / "context"), (tmp_path / "build", tmp_path / "image")
    for place in places:
        place.mkdir()
    with a_layer(places[0]) as built, a_layer(places[1]) as root:
        build(first, Container(built), context)
        image = Container(root)
        build(second, image, context, built)
        assert image.user == "10001"
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(root / "tmp")], check=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "mode=0700,uid=10001,gid=10001", "tmpfs", str(root / "data")], check=True
        )
        subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
        image.environment |= {"BELLWETHER_RUN__SOURCE": "simulated", "BELLWETHER_WEB__LISTEN": "127.0.0.1:8719"}
        serves(image, tmp_path / "log")


def serves(image: Container, log: Path) -> None:
    assert image.runs(["touch", "/opt/bellwether/x"]).returncode != 0, "the root is read-only"
    assert image.runs(["python", "-m", "pip", "--version"]).returncode != 0, "the image installs nothing"
    entry, check = image.command["ENTRYPOINT"], image.command["HEALTHCHECK"]
    service = image.begins([*entry, *image.command["CMD"]], log)
    try:
        says(service, log, "history is complete")
        healthy = image.runs(check)
        assert healthy.returncode == 0, healthy.stdout + healthy.stderr
        asked = image.runs([*entry, "corr", "RUT", "SOL", "--store", "--json"])
        assert json.loads(asked.stdout)["a"] == "RUT", asked.stderr
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0, log.read_text()
    finally:
        service.kill()
        service.wait(10)
    assert "Read-only file system" not in log.read_text()


def says(service: subprocess.Popen[bytes], log: Path, text: str) -> None:
    end = time.monotonic() + 120
    while text not in log.read_text():
        assert service.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
