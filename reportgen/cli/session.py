"""What holds for one run of the command, from its first error message to its exit."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reportgen.cli.lazy import lazily

if TYPE_CHECKING:
    from reportgen.cli.stderr import Stderr


@dataclass
class Session:
    """How stderr is written, as far as it is known by now, and stderr itself."""

    as_json: bool = False
    verbose: bool = False
    """Whether errors come with a traceback."""
    printed_the_result: bool = True
    """Whether what was printed is all that the command was to do: it wrote no files."""

    @cached_property
    def stderr(self) -> "Stderr":
        """Where messages go; imported with the first of them, which --help does without."""
        stderr: Stderr = lazily("reportgen.cli.stderr:Stderr")(self)
        return stderr
