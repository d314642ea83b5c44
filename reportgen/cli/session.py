"""State that lasts for the whole run of a command."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reportgen.cli.lazy import lazily

if TYPE_CHECKING:
    from reportgen.cli.stderr import Stderr


@dataclass
class Session:
    """Stderr and how to write to it, according to the options read so far."""

    as_json: bool = False
    verbose: bool = False
    """Whether errors include a traceback."""
    printed_the_result: bool = True
    """Whether stdout has the result itself, not just the path where it was written."""

    @cached_property
    def stderr(self) -> "Stderr":
        """The writer of messages; imported for the first one, since --help writes none."""
        stderr: Stderr = lazily("reportgen.cli.stderr:Stderr")(self)
        return stderr
