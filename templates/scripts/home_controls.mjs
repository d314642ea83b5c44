// The home page's controls: search, filter by status, sort. The page's address stores them all, so
// that a reload or a shared link shows the same, and links to other pages include the way back.
import { putAddress } from "./address.mjs";
import { formatHome, foundText, matchingJobs, parseHome, passedOn, searchable, toggleStatus } from "./home_model.mjs";
import { addToRows, chipsIn, chooserOf, rowsIn } from "./home_view.mjs";
import { sortable, wholeText } from "./table_view.mjs";

const PAUSE = 300;

function jobsIn(body) {
  return [...body.rows].map((row) => ({
    row,
    status: row.cells[0].textContent,
    text: searchable(wholeText(row.cells[1].querySelector("a")), wholeText(row.cells[3].querySelector("code"))),
  }));
}

function enhanceHome(table) {
  const [body] = table.tBodies;
  const jobs = jobsIn(body);
  // If all pages are in one file, the home view is at "#/", as in Studio.
  const route = document.querySelector(".view") ? "/" : "";
  const find = document.getElementById("find");
  const found = document.querySelector(".found");
  const lay = rowsIn(body, jobs);
  const sorting = sortable(table, jobs, () => change({}));
  const chips = chipsIn(document.querySelector(".totals"), jobs.length,
    (status) => change({ statuses: toggleStatus(state.statuses, status) }));
  let state = { q: "", statuses: new Set() };
  let timer = null;

  const address = (top) => formatHome({ ...state, sort: sorting.get(), top }, route);

  function show(atOnce) {
    const shown = matchingJobs(sorting.order(), state);
    lay(shown, atOnce);
    table.hidden = !shown.length;
    for (const [status, chip] of chips) {
      chip.ariaPressed = String(status ? state.statuses.has(status) : !state.statuses.size);
    }
    if (find.value !== state.q) find.value = state.q;
    const text = foundText(shown.length, jobs.length);
    if (found.textContent !== text) found.textContent = text;
  }

  // Writes any pending change, unless the address is another view's by now.
  function write() {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    if (parseHome(location.hash, route, chips)) putAddress(address());
  }

  function change(changes) {
    state = { ...state, ...changes };
    show();
    // Browsers limit how often a page may change its address.
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  }

  function read() {
    const asked = parseHome(location.hash, route, chips);
    if (!asked) return;
    state = { q: asked.q, statuses: asked.statuses };
    sorting.set(asked.sort);
    show(true);
    if (!asked.top) return;
    putAddress(address());
    scrollTo(0, asked.top);
  }

  function passOn(event) {
    write();
    const link = event.target.closest?.("a[href]");
    const href = link?.getAttribute("href") ?? "";
    // Not by `link.href`, which cannot be set on the links of an SVG.
    if (/^(jobs\/|compare\.html)/.test(href)) link.setAttribute("href", passedOn(href, address(Math.round(scrollY))));
    else if (href === "#/") link.setAttribute("href", address());
  }

  addToRows(jobs);
  find.parentElement.append(...chooserOf(table));
  find.addEventListener("input", () => change({ q: find.value }));
  addEventListener("hashchange", read);
  addEventListener("pagehide", write);
  for (const name of ["click", "auxclick"]) addEventListener(name, passOn, true);
  find.hidden = find.labels[0].hidden = false;
  read();
}

const jobsTable = document.querySelector(".jobs");
if (jobsTable) enhanceHome(jobsTable);
