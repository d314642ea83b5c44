"""The templates, set up so that none can forget to escape, and the style and scripts."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from reportgen.charts import sparkline, svg
from reportgen.pages import values
from reportgen.report import wording
from reportgen.text import inert
from reportgen.text.javascript import js_number


def inert_text(value: object) -> object:
    """Make text inert, for Jinja to escape; return anything else, including markup, unchanged."""
    if type(value) is str:  # the usual case, and a fast check
        return inert.html(value)
    return inert.html(value) if isinstance(value, str) and not isinstance(value, Markup) else value


FILTERS: Final = {
    "coordinate": svg.coordinate,
    "path": svg.path,
    "dots_path": svg.dots_path,
    "sparkline_path": sparkline.path,
    "js_number": js_number,
    "short": wording.short,
    "size": wording.size,
    "duration": wording.duration,
    "printed": values.printed,
}
"""The filters that print a view's numbers."""


class Templates:
    """The files of the templates folder."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_folder()),
            auto_reload=False,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=inert_text,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= FILTERS

    def load(self) -> None:
        """Compile all templates, which are otherwise compiled when they are first used."""
        for name in self._environment.list_templates(extensions=("html", "svg")):
            self._environment.get_template(name)

    def render(self, name: str, **values: object) -> str:
        """Render a template with these values."""
        return self._environment.get_template(name).render(**values)

    def pieces(self, name: str, **values: object) -> Iterator[str]:
        """Render a template piece by piece, reading iterators among the values lazily."""
        return self._environment.get_template(name).generate(**values)

    def style(self, name: str) -> str:
        """Return a style sheet, minified for pages."""
        return shortened(self._source(name)).strip()

    def script(self, names: Iterable[str]) -> str:
        """Return the modules with these names as one script: see `joined`."""
        return joined(map(self._source, names))

    @property
    def digest(self) -> str:
        """The hash of all templates, styles and scripts."""
        names = sorted(self._environment.list_templates())
        return hashlib.sha256("".join(map(self._source, names)).encode()).hexdigest()

    def _source(self, name: str) -> str:
        if self._environment.loader is None:
            raise jinja2.TemplateNotFound(name)
        return self._environment.loader.get_source(self._environment, name)[0]


def csp_hash(text: str) -> str:
    """Return the CSP source that allows an inline style or script: `sha256-…`, in base64."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def shortened(source: str) -> str:
    """Strip indentation, blank lines and one-line comments from a style or script.

    It must not contain strings that span lines.
    """
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not _is_comment(line))


def _is_comment(line: str) -> bool:
    return line.startswith("//") or (line.startswith("/*") and line.endswith("*/"))


def joined(modules: Iterable[str]) -> str:
    """Join JavaScript modules, each after the ones it imports, into one plain script.

    A page is one file, and browsers do not load modules from disk. So imports are removed, exports
    become plain declarations, and all modules share one scope: no two may declare the same name.
    Each import must be on one line.
    """
    lines = (line for module in modules for line in shortened(module).splitlines(keepends=True))
    body = "".join(line.removeprefix("export ") for line in lines if not line.startswith("import "))
    return f'"use strict";\n{{\n{body}}}'


def _folder() -> Path:
    """Return the folder of the packaged templates, or the checkout's if not run from a wheel."""
    package = Path(__file__).parent.parent
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"
