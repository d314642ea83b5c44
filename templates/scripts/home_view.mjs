// The home page's table, its status buttons and the link to a comparison.
import { compareText } from "./home_model.mjs";

const AT_ONCE = 100, LATER = 500;

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Shows some of the jobs. The first rows come at once and the rest bit by bit, so that typing never
// waits for them.
export function rowsIn(body, jobs) {
  let laid = jobs;
  return (these) => {
    if (these.length === laid.length && these.every((job, place) => job === laid[place])) return;
    laid = these;
    body.replaceChildren();
    (function more(start, end) {
      if (laid !== these) return;
      body.append(...these.slice(start, end).map((job) => job.row));
      if (end < these.length) setTimeout(more, 0, end, end + LATER);
    })(0, AT_ONCE);
  };
}

// Turns each total into a button, after one for all jobs. Returns them by status, with "" for all.
export function chipsIn(list, count, choose) {
  const made = new Map();
  const badge = element("span", { className: "badge", textContent: "All" });
  list.prepend(element("li", {}, badge, " ", element("b", { textContent: count })));
  for (const item of list.querySelectorAll("li:not(.more)")) {
    const status = made.size ? item.firstChild.textContent : "";
    const chip = element("button", { type: "button" }, ...item.childNodes);
    chip.addEventListener("click", () => choose(status));
    item.append(chip);
    made.set(status, chip);
  }
  return made;
}

// Adds checkboxes to the jobs that can be compared, and returns the link that compares them.
export function chooser(jobs) {
  const link = element("a", { className: "button compare", hidden: true });
  const chosen = new Set();
  for (const { row } of jobs) {
    if (!("compare" in row.dataset)) continue;
    const job = row.cells[1].firstChild;
    const box = element("input", { type: "checkbox", ariaLabel: `Compare ${job.textContent}` });
    const slug = job.getAttribute("href").slice("jobs/".length, -".html".length);
    box.addEventListener("input", () => {
      if (box.checked) chosen.add(slug);
      else chosen.delete(slug);
      link.hidden = !chosen.size;
      link.textContent = compareText(chosen.size);
      link.href = `compare.html#jobs=${[...chosen].join(",")}`;
    });
    row.cells[1].prepend(box, " ");
  }
  return link;
}
