"""Pages of the samples, and what a parser sees in them."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from html.parser import HTMLParser

from reportgen.model.metrics import Metric
from reportgen.model.origin import Origin
from reportgen.pages import Pages
from reportgen.pages.looks import Looks
from reportgen.report import comparison
from reportgen.report.report import JobDetail, Report
from tests import samples

LOOKS = samples.LOOKS
LONG_NUMBERS = Metric(
    points=9, **dict.fromkeys(("first", "last", "min", "min_step", "max"), -1.2345678901234567e-300)
)
STYLE = re.compile("<style>(.*)</style>", re.DOTALL)
SCRIPT = re.compile("<script>(.*)</script>", re.DOTALL)


@cache
def pages_of(looks: Looks) -> Pages:
    """Return a renderer with these looks; only the first compiles the templates, which is slow."""
    return Pages(looks)


def home(report: Report | None = None, looks: Looks = LOOKS) -> str:
    return pages_of(looks).home(report or samples.report())


def job(
    detail: JobDetail | None = None,
    looks: Looks = LOOKS,
    origin: Origin = samples.STUDIO,
    snapshot_at: datetime = samples.SNAPSHOT_AT,
) -> str:
    return pages_of(looks).job(
        detail or samples.completed(), origin, snapshot_at, samples.GENERATOR
    )


def compare(report: Report | None = None, looks: Looks = LOOKS) -> str:
    shown = report or samples.report()
    jobs = comparison.newest(shown.jobs)
    by_id = {detail.summary.id: detail for detail in samples.details()}
    curves = [comparison.compared_curves(by_id[one.id]) for one in jobs]
    return pages_of(looks).compare(shown, jobs, curves, {one.id: 7 for one in jobs[1:]})


def single(looks: Looks = LOOKS) -> str:
    return "".join(pages_of(looks).single(samples.report(), samples.details()))


def every_page() -> Iterator[str]:
    yield home()
    yield from (job(detail) for detail in samples.details())
    yield compare()
    yield single()


class Page(HTMLParser):
    """A page as a parser sees it: its elements with their attributes, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self._hidden = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, _tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self._texts))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]
