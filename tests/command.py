"""Run the real command as users do: in a process, a home and a directory of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.standin import StandIn

_PROGRAM = (sys.executable, "-m", "reportgen")

NOWHERE = "http://127.0.0.1:1"
"""An address where nothing listens, whatever runs on this machine."""

PATIENCE = 300.0
"""Seconds until a command that hangs fails its test; what it does here takes a few at most."""


@dataclass(frozen=True)
class Result:
    """What a run of the command left behind."""

    code: int
    stdout: str
    stderr: str
    directory: Path

    @property
    def out(self) -> Path:
        return self.directory / "out"

    @property
    def report(self) -> Any:
        return json.loads((self.out / "report.json").read_bytes())

    def job(self, job_id: str) -> Any:
        return next(job for job in self.report["jobs"] if job["id"] == job_id)

    def page(self, job_id: str) -> str:
        return (self.out / str(self.job(job_id)["page"])).read_text("utf-8")


@dataclass
class Command:
    """The command in one directory; `environment` joins what every run gets.

    `prefix` is a program that starts it, with arguments.
    """

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    def run(self, *arguments: str, **variables: str) -> Result:
        """Run it to its end."""
        process = self._start([*_PROGRAM, *arguments], variables)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, stdout, stderr, self.directory)

    def build(self, studio: StandIn, *arguments: str, **variables: str) -> Result:
        """Build a report on this Studio."""
        return self.run("build", *self.options(studio), *arguments, **variables)

    def start(
        self, *arguments: str, stderr: int = subprocess.PIPE, **variables: str
    ) -> "subprocess.Popen[str]":
        """Start it without waiting, so that a test can watch and signal it."""
        return self._start([*_PROGRAM, *arguments], variables, stderr)

    def run_in_bash(self, words: str, *arguments: str, **variables: str) -> Result:
        """Run it to its end with more arguments, which bash expands."""
        program = ["bash", "-c", f'exec "$@" {words}', "bash", *_PROGRAM, *arguments]
        process = self._start(program, variables)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, stdout, stderr, self.directory)

    def _start(
        self, program: Sequence[str], variables: Mapping[str, str], stderr: int = subprocess.PIPE
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*self.prefix, *program],
            cwd=self.directory,
            env=self._environment(variables),
            stdout=subprocess.PIPE,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def options(self, studio: StandIn) -> list[str]:
        """Return the options that name this Studio."""
        token_file = studio.write_token(self.directory / "token")
        return ["--url", studio.url, "--token-file", str(token_file)]

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        checkout = Path(__file__).resolve().parent.parent
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory / "home"),
            "PYTHONPATH": str(checkout),
            **self.environment,
            **variables,
        }
