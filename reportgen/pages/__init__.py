"""View models and Jinja templates to text: the home page and one page a job.

Values in, text out. What a page says is decided here, as plain values; the templates only lay it
out. Every text of a server's is escaped by Jinja and made inert on its way out, so a template
cannot forget to.
"""

from datetime import datetime
from typing import Final, TypeAlias

from reportgen.origin import Origin
from reportgen.pages.home import HomeView, home_view
from reportgen.pages.job import JobView, job_view, smaller
from reportgen.pages.looks import Looks
from reportgen.pages.template import Templates, csp_hash
from reportgen.report import JobDetail, Report

PAGE_LENGTH: Final = 145_000
"""Beyond so many bytes a page goes without the exact points for its chart's script; if that is
not enough, without the script."""

View: TypeAlias = HomeView | JobView


class Pages:
    """Writes pages in one set of looks; each method gives the whole text of one page."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._templates = Templates()
        self._style = self._templates.shortened("report.css")
        self._chart_script = self._templates.shortened("chart.js")
        self._home_script = self._templates.shortened("home.js")
        self._age_script = self._templates.shortened("age.js")
        self.digest = self._templates.digest
        """What all pages are made from, as one hash."""

    def home(self, report: Report) -> str:
        """Give the home page, as Studio has it: *Run training* and *Jobs*."""
        view = home_view(report, self._looks.timezone, self._looks.stale_after)
        return self._render("home.html", view, self._age_script + self._home_script)

    def job(
        self, detail: JobDetail, report_origin: Origin, snapshot_at: datetime, generator: str
    ) -> str:
        """Give a job's page. The page of a job that has ended does not depend on `snapshot_at`."""
        view = job_view(detail, report_origin, snapshot_at, generator, self._looks)
        age = self._age_script if view.stale_after else ""
        script = age + self._chart_script if view.chart else age
        page = self._render("job.html", view, script)
        for slim in smaller(view):
            if len(page.encode()) <= PAGE_LENGTH:
                break
            # The script can do without exact points, a reader without the script, and texts that
            # a server made to be long are cut last.
            with_script = slim.chart is not None and slim.log == view.log
            page = self._render("job.html", slim, script if with_script else age)
        return page

    def _render(self, template: str, view: View, script: str = "") -> str:
        return self._templates.render(
            template,
            view=view,
            title=self._looks.title,
            theme=self._looks.theme,
            style=self._style,
            style_hash=csp_hash(self._style),
            script=script,
            script_hash=csp_hash(script),
        )
