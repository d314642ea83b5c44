"""The context for rendering: the data and objects that all of a report's files share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from reportgen import __version__
from reportgen.model.curves import Curve
from reportgen.model.origin import Origin
from reportgen.pages import Pages
from reportgen.rendering.cache import RenderCache
from reportgen.rendering.publish import Publication
from reportgen.settings import Output
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.text.redact import Redactor

GENERATOR: Final = f"arkor-report {__version__}"


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The data and objects from which all of a report's files are made."""

    output: Output
    retention: Retention
    refresh: bool
    """Whether to render every job again."""
    folder: SourceFolder
    listing: Listing
    origin: Origin
    """Where the jobs come from, redacted."""
    redactor: Redactor
    pages: Pages
    publication: Publication
    cache: RenderCache
    warn: Callable[[str], None]
    baseline_curve: dict[tuple[str, str], Curve] = field(default_factory=dict)
    """The baseline's curve read last, by job id and metric."""
