// The home page's table, its status buttons and the link to a comparison.
import { ago } from "./age_model.mjs";
import { copyButton } from "./copy_view.mjs";
import { compareText } from "./home_model.mjs";
import { wholeText } from "./table_view.mjs";

const AT_ONCE = 100, LATER = 500, AGES_EVERY = 60_000;

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Shows some of the jobs. The first rows appear at once and the rest gradually, so that typing
// never waits for them; all appear `atOnce` when readers return to where they were.
export function rowsIn(body, jobs) {
  let laid = jobs;
  return (these, atOnce) => {
    if (these.length === laid.length && these.every((job, place) => job === laid[place])) return;
    laid = these;
    body.replaceChildren();
    (function more(start, end) {
      if (laid !== these) return;
      for (const { row } of these.slice(start, end)) body.append(row);
      if (end < these.length) setTimeout(more, 0, end, end + LATER);
    })(0, atOnce ? these.length : AT_ONCE);
  };
}

// Turns each total into a button, after one for all jobs. Returns them by status, "" being all.
export function chipsIn(list, count, choose) {
  const made = new Map();
  list.prepend(element("li", {}, "All ", element("b", { textContent: count })));
  for (const item of list.querySelectorAll("li:not(.more)")) {
    const status = made.size ? item.firstChild.textContent : "";
    const chip = element("button", { type: "button" }, ...item.childNodes);
    chip.addEventListener("click", () => choose(status));
    item.append(chip);
    made.set(status, chip);
  }
  return made;
}

// Adds a time's age before it, and returns a function that updates it.
function addAge(cell) {
  const time = cell.querySelector("time");
  if (!time) return () => {};
  const age = element("span", { className: "age" });
  cell.prepend(age, " ");
  const update = () => (age.textContent = ago((Date.now() - Date.parse(time.dateTime)) / 1000));
  update();
  return update;
}

function addCopy(cell) {
  const id = cell.querySelector("code");
  id.title ||= id.textContent;
  cell.append(copyButton(() => wholeText(id), "ID"));
}

// Adds features that need a script: ages, exact numbers, and buttons that copy ids. Ten thousand
// rows would take long, so most rows get them just before they scroll into view.
export function addToRows(jobs) {
  const updates = [];
  const add = (row) => {
    const [, name, created, id, , , loss, best] = row.cells;
    const note = name.querySelector("small");
    if (note) note.title = note.textContent;
    updates.push(addAge(created));
    addCopy(id);
    for (const cell of [loss, best]) if (cell.dataset.n) cell.title = cell.dataset.n;
  };
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      add(target);
    }
  }, { rootMargin: "100%" });
  jobs.slice(0, AT_ONCE).forEach(({ row }) => add(row));
  jobs.slice(AT_ONCE).forEach(({ row }) => watch.observe(row));
  setInterval(() => updates.forEach((update) => update()), AGES_EVERY);
}

// Adds checkboxes to the jobs that can be compared, and returns what is shown below the search: a
// hint, and a link that compares the chosen jobs.
export function chooserOf(table) {
  const link = element("a", { className: "button compare", hidden: true });
  const rows = table.querySelectorAll("[data-compare]");
  const chosen = new Set();
  for (const row of rows) {
    const job = row.cells[1].querySelector("a");
    const box = element("input", { type: "checkbox", ariaLabel: `Compare ${wholeText(job)} (${wholeText(row.cells[3].querySelector("code"))})` });
    const slug = job.pathname.split("/").at(-1).slice(0, -".html".length);
    box.addEventListener("input", () => {
      if (box.checked) chosen.add(slug);
      else chosen.delete(slug);
      link.hidden = !chosen.size;
      link.textContent = compareText(chosen.size);
      link.href = `compare.html#jobs=${[...chosen].join(",")}`;
    });
    row.cells[1].prepend(box, " ");
  }
  table.classList.toggle("choosable", rows.length > 0);
  return rows.length ? [element("small", { textContent: "Tick jobs to compare them." }), link] : [];
}
