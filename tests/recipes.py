"""The README's recipes, and machines with the command to run them on.

`recipe("GitLab", "yaml")` returns a fenced block as text.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

from reportgen import __version__
from tests.command import PATIENCE
from tests.standin import Cloud, StandIn, failed, job, numbered, started, training

CHECKOUT = Path(__file__).resolve().parent.parent
WHEEL = f"wheels/arkor_report-{__version__}-py3-none-any.whl"
"""What the recipes install, in the repository that they run in."""

# --- From the README -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Fence:
    """A fenced block, and the headings above it."""

    chapter: str
    section: str
    language: str
    text: str


def fences() -> list[Fence]:
    """Return all fenced blocks of the README, in order."""
    found = []
    headings = {"h2": "", "h3": ""}
    tokens = MarkdownIt().parse((CHECKOUT / "README.md").read_text("utf-8"))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            headings[token.tag] = following.content
            if token.tag == "h2":
                headings["h3"] = ""
        elif token.type == "fence":
            found.append(Fence(headings["h2"], headings["h3"], token.info.strip(), token.content))
    return found


def recipe(section: str, language: str, number: int = 0) -> str:
    """Return the text of a block in this language, found by the nearest heading above it."""
    texts = [
        each.text
        for each in fences()
        if (each.section or each.chapter) == section and each.language == language
    ]
    return texts[number]


# --- A machine -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finished:
    """What a script left behind."""

    script: str
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Machine:
    """A home with the command in `.local/bin`, and installers with nothing left to install."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the service, or its administrator, gives to every script."""

    def install(self) -> "Machine":
        """Put the commands in place."""
        self.bin.mkdir(parents=True)
        lines = [
            f"#!{sys.executable}",
            f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})",
            "from reportgen.cli import main",
            "main()",
        ]
        self._program("arkor-report", lines)
        for installer in ("pip", "pipx"):
            self._program(installer, ["#!/bin/sh", f'[ "$*" = "install {WHEEL}" ]'])
        return self

    @property
    def bin(self) -> Path:
        return self.home / ".local" / "bin"

    def run(
        self, script: str, directory: Path, *, path: str = "/usr/bin:/bin", **variables: str
    ) -> Finished:
        """Run a script as `sh -e` does, in a directory, to its end."""
        ran = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=directory,
            env={"HOME": str(self.home), "PATH": path, **self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        return Finished(script, ran.returncode, ran.stdout, ran.stderr)

    def run_in_ci(self, script: str, directory: Path, **variables: str) -> Finished:
        """Run a script with the installed commands on the path."""
        return self.run(script, directory, path=f"{self.bin}:/usr/bin:/bin", **variables)

    def _program(self, name: str, lines: list[str]) -> None:
        file = self.bin / name
        file.write_text("\n".join([*lines, ""]))
        file.chmod(0o755)


def machine(place: Path, **environment: str) -> Machine:
    return Machine(place / "home", environment).install()


def in_ci(place: Path, server: StandIn) -> Machine:
    return machine(place, ARKOR_CLOUD_API_URL=server.url, SOURCE_DATE_EPOCH="1780000000")


def at_home(place: Path, studio: StandIn, **environment: str) -> Machine:
    """Return a machine where `arkor dev` runs: a token in its home, beside a project."""
    studio.write_token(place / "home/.arkor/studio-token")
    (place / "home/project").mkdir()
    return machine(place, ARKOR_REPORT_URL=studio.url, **environment)


# --- What the recipes report on, and what they leave behind ---------------------------------------

TOKEN = "bearer-token-of-the-test"  # noqa: S105 - it opens the stand-in alone
CLOUD = Cloud(token=TOKEN, org="my-org", project="support-bot")
DONE = [job(f"job_{number}", events=training(6, f"job_{number}")) for number in range(20)]
BROKEN = job(
    "job_broken",
    "failed",
    events=numbered([started("job_broken"), failed("out of memory", "job_broken")]),
)
BUILDS = re.compile(r"arkor-report\"? (?:build|snapshot)\b[^'\n]*")


def opened(server: StandIn) -> int:
    return sum(request.job_id is not None for request in server.requests)


def codes(ran: list[Finished]) -> list[int]:
    return [each.code for each in ran]


def files_of(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
