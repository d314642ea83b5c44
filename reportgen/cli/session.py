"""State that lasts for a whole run of the command."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reportgen.cli.lazy import lazily

if TYPE_CHECKING:
    from reportgen.cli.stderr import Stderr


@dataclass
class Session:
    """Stderr, and how to write to it, as far as the options have been read."""

    as_json: bool = False
    verbose: bool = False
    """Whether errors come with a traceback."""
    printed_the_result: bool = True
    """Whether stdout has the command's result, not just the path of what it wrote."""

    @cached_property
    def stderr(self) -> "Stderr":
        """Where messages go; imported with the first one, since --help has none."""
        stderr: Stderr = lazily("reportgen.cli.stderr:Stderr")(self)
        return stderr
