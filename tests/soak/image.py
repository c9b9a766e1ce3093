"""The steps of a Dockerfile carried out by hand, where there is no Docker: over this machine's own files, in a layer
that is thrown away. It knows the instructions that ours uses, and no others.

What a base image would bring, a Python and a shell, is this machine's. Needs root, for mounts.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_OUTSIDE = {"PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"}


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction and what follows it."""

    word: str
    rest: str


@dataclass
class Container:
    """A root, and what the Dockerfile says of who works in it, where and with which environment."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    folder: str = "/"
    command: dict[str, list[str]] = field(default_factory=dict)

    def runs(self, command: list[str], seconds: float = 900) -> subprocess.CompletedProcess[str]:
        """A command inside, as the present user."""
        return subprocess.run(self._inside(command), capture_output=True, text=True, timeout=seconds, env=_OUTSIDE)

    def begins(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """A command inside that goes on."""
        with log.open("wb") as out:
            return subprocess.Popen(self._inside(command), stdout=out, stderr=out, env=_OUTSIDE)

    def _inside(self, command: list[str]) -> list[str]:
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return [
            "chroot", f"--userspec={self.user}:{self.user}", "--groups=", str(self.root),
            "/bin/sh", "-c", f'cd {shlex.quote(self.folder)} && exec env -i "$@"', "sh", *variables, *command,
        ]  # fmt: skip


def stages(dockerfile: str) -> list[list[Step]]:
    """The steps of each stage, in order."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE))
    found: list[list[Step]] = []
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append(Step(word, rest.strip()))
    return found


@contextmanager
def a_layer(place: Path) -> Iterator[Path]:
    """This machine's files, and a memory-backed layer over them; both are gone afterwards."""
    _mount("tmpfs", "tmpfs", "size=4g", place)
    root = place / "root"
    try:
        for name in ("up", "work", "root"):
            (place / name).mkdir()
        _mount("overlay", "overlay", f"lowerdir=/,upperdir={place}/up,workdir={place}/work", root)
        try:
            for name in ("tmp", "dev"):
                shutil.rmtree(root / name, ignore_errors=True)
                (root / name).mkdir(mode=0o1777, exist_ok=True)
            subprocess.run(["mount", "--bind", "/dev", str(root / "dev")], check=True)
            yield root
        finally:
            for mounted in (root / "dev", root):
                subprocess.run(["umount", "-R", "-l", str(mounted)], check=False)
    finally:
        subprocess.run(["umount", "-R", "-l", str(place)], check=False)


def _mount(kind: str, what: str, options: str, where: Path) -> None:
    subprocess.run(["mount", "-t", kind, what, "-o", options, str(where)], check=True, capture_output=True)


def build(steps: list[Step], container: Container, context: Path, earlier: Path | None = None) -> None:
    """Carry out a stage. `context` is what the build is sent, `earlier` the root of the stage before."""
    for step in steps:
        _DO[step.word](container, step.rest, context, earlier)


def _run(container: Container, rest: str, _context: Path, _earlier: Path | None) -> None:
    done = container.runs(["/bin/sh", "-c", rest])
    assert done.returncode == 0, f"RUN {rest}\n{done.stdout}{done.stderr}"


def _copy(container: Container, rest: str, context: Path, earlier: Path | None) -> None:
    *sources, target = [word for word in rest.split() if not word.startswith("--")]
    into = container.root / container.folder.lstrip("/") / target if not target.startswith("/") else None
    place = into or container.root / target.lstrip("/")
    from_root = earlier if "--from=" in rest else context
    assert from_root is not None
    for source in sources:
        origin = from_root / source.lstrip("/")
        if origin.is_dir():
            shutil.copytree(origin, place, dirs_exist_ok=True, symlinks=True)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, place / origin.name)


def _environment(container: Container, rest: str, _context: Path, _earlier: Path | None) -> None:
    for pair in shlex.split(rest):
        name, _, value = pair.partition("=")
        container.environment[name] = re.sub(r"\$(\w+)", lambda used: container.environment.get(used[1], ""), value)


def _workdir(container: Container, rest: str, _context: Path, _earlier: Path | None) -> None:
    container.folder = rest
    (container.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _user(container: Container, rest: str, _context: Path, _earlier: Path | None) -> None:
    container.user = rest


def _noted(word: str) -> Callable[[Container, str, Path, Path | None], None]:
    def note(container: Container, rest: str, _context: Path, _earlier: Path | None) -> None:
        found = re.search(r"\[.*\]", rest)
        assert found, f"{word} {rest} is no list of words"
        container.command[word] = json.loads(found[0])

    return note


def _from(container: Container, _rest: str, _context: Path, _earlier: Path | None) -> None:
    """What the base image has on its path: a Python of its own, for everybody."""
    python = Path(sys.base_prefix) / "bin"
    for folder in python.parents:
        inside = container.root / str(folder).lstrip("/")
        inside.chmod(inside.stat().st_mode | 0o755)
    container.environment["PATH"] = f"{python}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def _nothing(_container: Container, _rest: str, _context: Path, _earlier: Path | None) -> None:
    """Metadata that changes no file."""


Do = Callable[[Container, str, Path, Path | None], None]
_DO: dict[str, Do] = {
    "FROM": _from,
    "RUN": _run,
    "COPY": _copy,
    "ENV": _environment,
    "WORKDIR": _workdir,
    "USER": _user,
    "LABEL": _nothing,
    "VOLUME": _nothing,
    "STOPSIGNAL": _nothing,
    "HEALTHCHECK": _noted("HEALTHCHECK"),
    "ENTRYPOINT": _noted("ENTRYPOINT"),
    "CMD": _noted("CMD"),
}
