"""The commands: their names, help and options. Their code is imported only when they run.

click's LazyGroup recipe would import an entire command to show its help or complete its options;
this needs only the options.
"""

from typing import Final

import click

from reportgen import __version__
from reportgen.cli import options
from reportgen.cli.configured import Command
from reportgen.cli.lazy import lazily
from reportgen.cli.options import Decorator, with_options
from reportgen.cli.parameters import DIRECTORY

# The backspace keeps click from joining the lines after it.
_HELP: Final = """Save Arkor Studio's training jobs as self-contained HTML pages.

\b
arkor-report build                  write a report on the running Studio to out/
arkor-report build --source demo    try it with a recording of real training jobs

Every option can also be set with an environment variable (ARKOR_REPORT_MAX_WAIT for --max-wait; an
empty value counts as unset) or in arkor-report.toml (max-wait = "10m"). The command line wins,
then the environment, then the file. `arkor-report config` shows the settings in effect.
"""


@click.group(
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="arkor-report", message="%(prog)s %(version)s")
def program() -> None:
    """Group all commands."""


def _command(function: str, text: str, *options: Decorator) -> None:
    """Add a command that runs the function with this import path and has the same name."""
    command = with_options(click.pass_obj(lazily(function)), *options)
    program.command(function.partition(":")[2], cls=Command, help=text)(command)


_REPORTING: Final = (options.output, options.gates, options.github)
_ALWAYS: Final = (options.config_file, options.verbosity)

_command(
    "reportgen.cli.run:build",
    """Take a snapshot and render it. Prints the path of the home page.

    Waits until all jobs have ended, unless --max-wait sets a limit.
    """,
    options.fetching,
    *_REPORTING,
    *_ALWAYS,
)
_command(
    "reportgen.cli.run:snapshot",
    """Fetch the job list and every job's events. Prints the path of the snapshot directory.""",
    options.fetching,
    *_ALWAYS,
)
_command(
    "reportgen.cli.run:render",
    """Render the last snapshot, without network access. Prints the path of the home page.

    Shows the jobs that the last snapshot selected. The options given here narrow them down, and
    are matched against what the pages show.
    """,
    *options.fetched_source,
    options.selection,
    options.retention,
    options.baseline,
    options.snapshot_dir,
    *_REPORTING,
    options.project_dir,
    *_ALWAYS,
)
_command(
    "reportgen.cli.run:merge",
    """Merge snapshot directories, such as shards, into --snapshot-dir. Prints its path.

    Jobs that --snapshot-dir already holds are kept. If several directories hold the same
    job, a complete log wins, otherwise the longest. The result selects every job that any of them
    selected.
    """,
    click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=DIRECTORY),
    options.snapshot_dir,
    options.project_dir,
    *_ALWAYS,
)
_command(
    "reportgen.cli.doctor:doctor",
    """Check what a build would read, and how. Never shows a secret.""",
    options.source,
    *_ALWAYS,
)
_command(
    "reportgen.cli.settings_table:config",
    """Show each setting of a build and where its value comes from. Never shows a secret.""",
    options.fetching,
    *_REPORTING,
    *_ALWAYS,
)
