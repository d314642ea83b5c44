"""View models and Jinja templates to text: home, one page a job, the comparison, all in one.

Values in, text out. What a page says is decided here, as plain values; the templates only lay it
out. Every text of a server's is escaped by Jinja and made inert on its way out, so a template
cannot forget to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

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
"""Beyond so many bytes a page goes without the exact points for its chart's script; if that is
not enough, without the script."""


SCRIPTS: Final = ("age.js", "table.js", "plot.js", "home.js", "chart.js", "compare.js", "single.js")
"""All scripts in the order in which they build on one another."""

STYLE_FILE: Final = "report.css"
SCRIPT_FILE: Final = "report.js"


class Pages:
    """Writes pages in one set of looks; each method gives the whole text of one page."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._templates = Templates()
        self._style = self._templates.shortened("report.css").strip()
        self._style_hash = csp_hash(self._style)
        self._scripts = {name: self._templates.shortened(name) for name in SCRIPTS}
        self._joined: dict[tuple[str, ...], tuple[str, str]] = {}
        self.digest = self._templates.digest
        """What all pages are made from, as one hash."""

    def home(
        self,
        report: Report,
        compared: AbstractSet[str] = frozenset(),
        marks: Mapping[str, str | None] | None = None,
    ) -> str:
        """Give the home page, as Studio has it; `compared` are the ids that `compare` shows.

        `marks` says by id what became of a job since the snapshot before.
        """
        view = home_view(report, self._looks, compared, marks or {})
        frame = self._frame(("age.js", "table.js", "home.js"))
        return self._templates.render("home.html", view=view, **frame)

    def job(
        self, detail: JobDetail, report_origin: Origin, snapshot_at: datetime, generator: str
    ) -> str:
        """Give a job's page. The page of a job that has ended does not depend on `snapshot_at`."""
        view = job_view(detail, report_origin, snapshot_at, generator, self._looks)
        age = () if view.stale_after is None else ("age.js",)
        scripts = (*age, "plot.js", "chart.js") if view.chart else age
        page = self._job(view, scripts)
        slimmer = smaller(view)
        while _is_too_long(page) and (slim := next(slimmer, None)):
            # The script can do without exact points, a reader without the script, and texts that
            # a server made to be long are cut last.
            with_script = slim.chart is not None and slim.log == view.log
            page = self._job(slim, scripts if with_script else age)
        return page

    def _job(self, view: JobView, scripts: Sequence[str]) -> str:
        return self._templates.render("job.html", view=view, **self._frame(scripts, root="../"))

    def compare(
        self,
        report: Report,
        jobs: Sequence[JobSummary],
        curves: Sequence[ComparedCurves],
        numbers: Mapping[str, int],
    ) -> str:
        """Give the comparison of `jobs`; `numbers` gives each id what its colour comes from."""
        view = compare_view(report, jobs, curves, numbers, self._looks)
        return self._templates.render(
            "compare.html",
            view=view,
            results=RESULTS,
            data=inert.html_json(view.data),
            **self._frame(("table.js", "plot.js", "compare.js")),
        )

    def single(
        self,
        report: Report,
        details: Iterable[JobDetail],
        marks: Mapping[str, str | None] | None = None,
    ) -> Iterator[str]:
        """Give home and all jobs as one page, bit by bit: of the jobs one at a time is held."""
        home = home_view(
            report, self._looks, marks=marks or {}, link=lambda job: f"#/jobs/{job.slug}"
        )
        jobs = (
            job_view(detail, report.origin, report.snapshot_at, report.generator, self._looks)
            for detail in details
        )
        scripts = ("age.js", "table.js", "plot.js", "home.js", "chart.js", "single.js")
        frame = self._frame(scripts, linked=False)
        return self._templates.pieces("report.html", view=home, jobs=jobs, **frame)

    def shared_files(self) -> dict[str, str]:
        """Give the files that linked pages share, by name; none where each page has its own."""
        if not self._looks.linked:
            return {}
        return {STYLE_FILE: self._style, SCRIPT_FILE: "".join(self._scripts.values())}

    def _frame(
        self, scripts: Sequence[str], root: str = "", *, linked: bool | None = None
    ) -> dict[str, object]:
        """Give what every page is framed with; `root` leads to the home page's folder."""
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

    def _script(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Give several scripts as one, with its hash; thousands of pages have the same ones."""
        if names not in self._joined:
            script = "".join(self._scripts[name] for name in names).strip()
            self._joined[names] = script, csp_hash(script)
        return self._joined[names]


def _is_too_long(page: str) -> bool:
    return len(page.encode()) > PAGE_LENGTH
