"""Pages from view models and Jinja templates: home, one per job, the comparison, all in one file.

Values in, text out. The contents of a page are decided here, as plain values; the templates only
lay them out. Jinja makes all text from a server inert and escapes it on output, so that no
template can forget to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from reportgen.model.history import TAIL_LINES
from reportgen.model.origin import Origin
from reportgen.pages.compare import RESULTS, compare_view
from reportgen.pages.home import home_view
from reportgen.pages.job import JobView, job_view, smaller
from reportgen.pages.looks import Looks
from reportgen.pages.template import Templates, csp_hash
from reportgen.report.comparison import ComparedCurves
from reportgen.report.report import JobDetail, JobSummary, Report
from reportgen.text import inert

PAGE_LENGTH: Final = 145_000
"""The length in bytes beyond which a job's page omits the exact points for its chart's script
and, if that is not enough, the script."""

SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("address",),
    "age": ("age_model", "age_view"),
    "refresh": ("refresh_controls",),
    "copy": ("copy_view",),
    "job": ("job_controls",),
    "table": ("table_model", "table_view"),
    "home": ("home_model", "home_view", "home_controls"),
    "plot": ("plot_model", "label_model", "plot_view"),
    "chart": (
        "points_model",
        "chart_model",
        "smoothing_model",
        "chart_reader",
        "smoothing_view",
        "small_charts_view",
        "chart_view",
        "chart_tip",
        "chart_download",
        "chart_tools",
        "chart_controls",
    ),
    "back": ("way_back",),
    "compare": ("compare_model", "compare_view", "compare_tip", "compare_controls"),
    "single": ("single",),
    "embedded": ("embedded",),
}
"""The modules of `templates/scripts/` by purpose, each after the modules that it imports."""

STYLE_FILE: Final = "report.css"
SCRIPT_FILE: Final = "report.js"


class Pages:
    """Renders the pages of a report with the same looks, each as a string."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._templates = Templates()
        self._style = self._templates.style(STYLE_FILE)
        self._style_hash = csp_hash(self._style)
        self._scripts: dict[tuple[str, ...], tuple[str, str]] = {}
        self.digest = self._templates.digest
        """A hash of all templates: with equal digests, equal values produce equal pages."""

    def load(self) -> None:
        """Load all that pages are made of, before processes are forked that would each do so."""
        self._templates.load()

    def home(
        self,
        report: Report,
        compared: AbstractSet[str] = frozenset(),
        marks: Mapping[str, str | None] | None = None,
    ) -> str:
        """Return the home page: see `home_pieces`."""
        return "".join(self.home_pieces(report, compared, marks))

    def home_pieces(
        self,
        report: Report,
        compared: AbstractSet[str] = frozenset(),
        marks: Mapping[str, str | None] | None = None,
    ) -> Iterator[str]:
        """Yield the home page, laid out as in Studio, piece by piece, since it can be long.

        `compared` holds the ids of the jobs in the comparison; `marks` maps a job's id to how the
        job changed since the previous snapshot.
        """
        view = home_view(report, self._looks, compared, marks or {})
        scripts = ("address", "age", *self._refresh, "copy", "table", "home", "embedded")
        refresh = self._looks.auto_refresh
        return self._templates.pieces(
            "home.html", view=view, auto_refresh=refresh, **self._frame(scripts)
        )

    def job(
        self, detail: JobDetail, report_origin: Origin, snapshot_at: datetime, generator: str
    ) -> str:
        """Return a job's page; if the job has ended, the page does not depend on `snapshot_at`."""
        view = job_view(detail, report_origin, snapshot_at, generator, self._looks)
        age = () if view.stale_after is None else ("age",)
        chart = ("plot", "chart") if view.chart else ()
        scripts = ("address", *age, "copy", "job", *chart, "back", "embedded")
        # Requested lines beyond the usual ones are all kept, and do not count against the limit.
        shown = usual = replace(view, log=view.log[-TAIL_LINES:])
        used, slimmer = scripts, smaller(usual)
        page = self._job(shown, used)
        while _is_too_long(page) and (slim := next(slimmer, None)):
            # The script works without exact points, and the page works without the script. Text
            # is truncated only after that: it is this long only if a server is malicious.
            shown = slim
            used = scripts if slim.chart is not None and slim.log == usual.log else age
            page = self._job(shown, used)
        if usual.log == view.log:
            return page
        return self._job(replace(shown, log=view.log, log_note=view.log_note), used)

    def _job(self, view: JobView, scripts: Sequence[str]) -> str:
        return self._templates.render("job.html", view=view, **self._frame(scripts, root="../"))

    def compare(
        self,
        report: Report,
        jobs: Sequence[JobSummary],
        curves: Sequence[ComparedCurves],
        numbers: Mapping[str, int],
    ) -> str:
        """Return the comparison of `jobs`; `numbers` maps job ids to colour numbers."""
        view = compare_view(report, jobs, curves, numbers, self._looks)
        return self._templates.render(
            "compare.html",
            view=view,
            results=RESULTS,
            data=inert.html_json(view.data),
            **self._frame(("address", "copy", "table", "plot", "back", "compare", "embedded")),
        )

    def single(
        self,
        report: Report,
        details: Iterable[JobDetail],
        marks: Mapping[str, str | None] | None = None,
    ) -> Iterator[str]:
        """Yield home and all jobs as one page, piece by piece, with one job in memory at a time."""
        home = home_view(
            report, self._looks, marks=marks or {}, link=lambda job: f"#/jobs/{job.slug}"
        )
        jobs = (
            job_view(detail, report.origin, report.snapshot_at, report.generator, self._looks)
            for detail in details
        )
        scripts = (
            *("address", "age", *self._refresh, "copy", "job", "table", "home"),
            *("plot", "chart", "single", "embedded"),
        )
        frame = self._frame(scripts, linked=False)
        refresh = self._looks.auto_refresh
        return self._templates.pieces(
            "report.html", view=home, jobs=jobs, auto_refresh=refresh, **frame
        )

    @property
    def _refresh(self) -> tuple[str, ...]:
        return () if self._looks.auto_refresh is None else ("refresh",)

    def shared_files(self) -> dict[str, str]:
        """Return the files shared by linked pages, by name; empty for inline pages."""
        if not self._looks.linked:
            return {}
        return {STYLE_FILE: self._style, SCRIPT_FILE: self._script(tuple(SCRIPTS))[0]}

    def _frame(
        self, scripts: Sequence[str], root: str = "", *, linked: bool | None = None
    ) -> dict[str, object]:
        """Return the values for `layout.html`; `root` is the path to the home page's folder."""
        script, script_hash = self._script(tuple(scripts))
        return {
            "title": self._looks.title,
            "theme": self._looks.theme,
            "root": root,
            "linked": self._looks.linked if linked is None else linked,
            "style": self._style,
            "style_hash": self._style_hash,
            "script": script,
            "script_hash": script_hash,
        }

    def _script(self, purposes: tuple[str, ...]) -> tuple[str, str]:
        """Return a page's script and its hash, cached since thousands of pages share them."""
        if purposes not in self._scripts:
            names = [f"scripts/{name}.mjs" for purpose in purposes for name in SCRIPTS[purpose]]
            script = self._templates.script(names) if names else ""
            self._scripts[purposes] = script, csp_hash(script)
        return self._scripts[purposes]


def _is_too_long(page: str) -> bool:
    return len(page.encode()) > PAGE_LENGTH
