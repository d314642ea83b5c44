// The home page's controls: search, filter by status, sort. The page's address holds it all, so that
// a reload or a shared link shows the same.
import { formatHome, foundText, matchingJobs, parseHome, searchable, toggleStatus } from "./home_model.mjs";
import { chipsIn, chooser, rowsIn } from "./home_view.mjs";
import { sortable } from "./table_view.mjs";

const PAUSE = 300;

function enhanceHome(table) {
  const [body] = table.tBodies;
  const jobs = [...body.rows].map((row) => ({
    row,
    status: row.cells[0].textContent,
    text: searchable(row.cells[1].querySelector("a").textContent, row.cells[3].textContent),
  }));
  // If all pages are in one file, the home view is at "#/", as in Studio.
  const route = document.querySelector(".view") ? "/" : "";
  const find = document.getElementById("find");
  const found = document.querySelector(".found");
  const lay = rowsIn(body, jobs);
  const sorting = sortable(table, jobs, () => change({}));
  const chips = chipsIn(document.querySelector(".totals"), jobs.length,
    (status) => change({ statuses: toggleStatus(state.statuses, status) }));
  let state = { q: "", statuses: new Set() };
  let timer;

  function show() {
    const shown = matchingJobs(sorting.order(), state);
    lay(shown);
    table.hidden = !shown.length;
    for (const [status, chip] of chips) {
      chip.ariaPressed = String(status ? state.statuses.has(status) : !state.statuses.size);
    }
    if (find.value !== state.q) find.value = state.q;
    const text = foundText(shown.length, jobs.length);
    if (found.textContent !== text) found.textContent = text;
  }

  function write() {
    const address = formatHome({ ...state, sort: sorting.get() }, route);
    history.replaceState(null, "", address || location.pathname + location.search);
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
    show();
  }

  find.parentElement.append(chooser(jobs));
  find.addEventListener("input", () => change({ q: find.value }));
  addEventListener("hashchange", read);
  find.parentElement.hidden = false;
  read();
}

const jobsTable = document.querySelector(".jobs");
if (jobsTable) enhanceHome(jobsTable);
