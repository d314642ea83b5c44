"""The commands: their names, help and options. What they do is in `run`, imported when they run.

click's LazyGroup imports a whole command when it is asked for, for its help and completion too;
here these need the options alone.
"""

from collections.abc import Callable
from typing import Any, Final

import click

from reportgen import __version__
from reportgen.cli import options
from reportgen.cli.configured import Command
from reportgen.cli.lazy import lazily
from reportgen.cli.parameters import PathType

# The backspace keeps click from folding the lines after it into one.
_HELP: Final = """Keep what Arkor Studio shows: training jobs as self-contained HTML pages.

\b
arkor-report build                  report on the running Studio, into out/
arkor-report build --source demo    try it: a recording of real training runs

Every option can also come from a variable, --max-wait from ARKOR_REPORT_MAX_WAIT (an empty one
counts as not set), and from arkor-report.toml: max-wait = "10m". The command line wins, then
the variable, then the file; `arkor-report config` shows what is in force.
"""


@click.group(
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="arkor-report", message="%(prog)s %(version)s")
def program() -> None:
    """Hold all commands."""


def _command(name: str, text: str, *options: Callable[[Any], Any]) -> None:
    """Add a command with its help and options; what it does is in `run`, under the same name."""
    command: Any = click.pass_obj(lazily(f"reportgen.cli.run:{name}"))
    for option in reversed(options):
        command = option(command)
    program.command(name, cls=Command, help=text)(command)


_FETCHING: Final = (
    options.source,
    options.selection,
    options.retention,
    options.following,
    options.snapshot_dir,
)
_REPORTING: Final = (options.output, options.gates, options.github)
_ALWAYS: Final = (options.config_file, options.verbosity)

_command(
    "build",
    """Snapshot, then render: the main job. Prints the path of the home page.

    Waits for jobs that have not ended, unless --max-wait sets a limit.
    """,
    *_FETCHING,
    *_REPORTING,
    *_ALWAYS,
)
_command(
    "snapshot",
    """Fetch only: the job list and every job's events. Prints the snapshot directory's path.""",
    *_FETCHING,
    *_ALWAYS,
)
_command(
    "render",
    """Pages only, from what was fetched last, without network. Prints the home page's path.

    Shows what the last snapshot selected, narrowed by the options given here, which are matched
    against what the pages show.
    """,
    options.fetched_source,
    options.selection,
    options.retention,
    options.snapshot_dir,
    *_REPORTING,
    options.project_dir,
    *_ALWAYS,
)
_command(
    "merge",
    """Merge several snapshot directories, such as shards, into --snapshot-dir. Prints its path.

    What that directory already holds is included. If several hold a job, the complete log wins,
    else the longer one; selections are united.
    """,
    click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=PathType()),
    options.snapshot_dir,
    options.project_dir,
    *_ALWAYS,
)
_command(
    "doctor",
    """Report what a build would read and how, and whether it can; never a secret's value.""",
    options.source,
    *_ALWAYS,
)
_command(
    "config",
    """Show each setting in force for a build, and where its value comes from; never a secret.""",
    *_FETCHING,
    *_REPORTING,
    *_ALWAYS,
)
