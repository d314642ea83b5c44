"""The commands: each passes its settings to the pipeline, prints the result and returns a code.

Imported only when a command runs, since it imports all slow modules.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reportgen import build as pipeline
from reportgen import settings
from reportgen.build import World
from reportgen.cli.session import Session
from reportgen.cli.stderr import Stderr, Verbosity
from reportgen.console.messages import ERROR, Message
from reportgen.console.signals import Interrupts
from reportgen.exports import github_actions
from reportgen.files import open_named
from reportgen.following.fetch import Interrupted
from reportgen.model.selection import Selection
from reportgen.rendering.render import Rendered
from reportgen.report import gates as gate_rules
from reportgen.settings import FetchSettings, Gates, Output
from reportgen.snapshot.merge import merge as merge_snapshots
from reportgen.snapshot.retention import Retention


def build(
    session: Session,
    *,
    fetching: FetchSettings,
    output: Output,
    gates: Gates,
    no_github: bool,
    verbosity: Verbosity,
) -> int:
    """Build the report; return the exit code."""
    regression = gate_rules.regression_limit(gates.fail_on, fetching.baseline)

    def run(world: World) -> int:
        rendered = pipeline.build(fetching, output, world, regression)
        return _deliver(session, rendered, gates, no_github=no_github)

    return _fetch(session.stderr, verbosity, run)


def snapshot(session: Session, *, fetching: FetchSettings, verbosity: Verbosity) -> int:
    """Fetch into the snapshot directory; return the exit code."""

    def run(world: World) -> int:
        _print_path(session, pipeline.snapshot(fetching, world))
        return 0

    return _fetch(session.stderr, verbosity, run)


def render(
    session: Session,
    *,
    kind: str | None,
    url: str | None,
    selection: Selection,
    retention: Retention,
    baseline: str | None,
    snapshot_dir: Path,
    output: Output,
    gates: Gates,
    no_github: bool,
    project_dir: Path,  # noqa: ARG001 - where the configuration file is
    verbosity: Verbosity,
) -> int:
    """Render the fetched data; return the exit code."""
    rendered = pipeline.render_only(
        snapshot_dir,
        (kind, url),
        selection,
        retention,
        output,
        baseline=baseline,
        regression=gate_rules.regression_limit(gates.fail_on, baseline),
        warn=session.stderr.progress(verbosity).warn,
        secrets=session.stderr.secrets,
    )
    return _deliver(session, rendered, gates, no_github=no_github)


def merge(
    session: Session,
    *,
    directories: tuple[Path, ...],
    snapshot_dir: Path,
    project_dir: Path,  # noqa: ARG001 - where the configuration file is
    verbosity: Verbosity,
) -> int:
    """Merge snapshot directories; return the exit code."""
    merge_snapshots(snapshot_dir, directories, session.stderr.progress(verbosity).warn)
    _print_path(session, snapshot_dir)
    return 0


def _fetch(stderr: Stderr, verbosity: Verbosity, run: Callable[[World], int]) -> int:
    """Run a command that fetches: catch signals and show progress."""
    stderr.capture_libraries(quiet=verbosity.quiet)
    settings.now(os.environ)  # report an invalid SOURCE_DATE_EPOCH before doing any work
    interrupts = Interrupts()
    code = 0
    with interrupts.caught():
        world = World(
            now=lambda: settings.now(os.environ),
            environment=os.environ,
            interrupts=interrupts,
            progress=stderr.progress(verbosity),
            secrets=stderr.secrets,
        )
        with suppress(Interrupted):
            code = run(world)
    if interrupts.exit_code is not None:
        stderr.write_end("interrupted", "interrupted")
        return interrupts.exit_code
    return code


def _deliver(session: Session, rendered: Rendered, gates: Gates, *, no_github: bool) -> int:
    """Report to GitHub, check the gates, print the report's path; return the exit code."""
    stderr, jobs = session.stderr, rendered.report.jobs
    if not no_github:
        _report_to_github(stderr, rendered)
    breaches = gate_rules.broken(gates.fail_on, jobs)
    if gates.strict:
        breaches += gate_rules.strict(jobs)
    if unjudged := gate_rules.unjudged(gates.fail_on, jobs):
        stderr.warn(unjudged)
    for breach in breaches:
        details = {"job": breach.job_id, "gate": breach.gate, "found": breach.found}
        stderr.write(Message(stderr.now(), ERROR, "gate", breach.words, details=details))
    _print_path(session, rendered.entry)
    return gate_rules.exit_code(breaches)


def _print_path(session: Session, path: Path) -> None:
    """Print the result's path in the file system's own bytes, for scripts in any locale."""
    session.printed_the_result = False
    sys.stdout.buffer.write(os.fsencode(path) + b"\n")


def _report_to_github(stderr: Stderr, rendered: Rendered) -> None:
    """Append to the step's summary and annotate the jobs, if running in GitHub Actions."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        report = rendered.report
        for line in github_actions.annotations(report.jobs, report.regression):
            stderr.write_raw(line)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        descriptor = open_named(Path(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with open(descriptor, "a", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
            file.write(f"\n{rendered.summary}")
    except OSError as error:
        stderr.warn(f"the step's summary can't be written to {path}: {error.strerror or error}")
