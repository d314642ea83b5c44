// What the home page does beyond its HTML: search, filter by status, sorting.
// The state stands in the URL's fragment, so that a reload or a shared link shows the same.
"use strict";
{
  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // --- The table ---

  function enhance(table) {
    const body = table.tBodies[0];
    // Where all pages stand in one file the home view is at "#/", as in Studio.
    const route = document.querySelector(".view") ? "/" : "";
    const jobs = [...body.rows].map((row, place) => ({
      row,
      place,
      status: row.cells[0].textContent,
      text: `${row.cells[1].querySelector("a").textContent}\n${row.cells[3].textContent}`.toLowerCase(),
    }));
    const state = { q: "", statuses: new Set() };
    const sorting = Table.sorting(table, jobs, () => change({}));
    const find = document.getElementById("find");
    const found = document.querySelector(".found");
    const chips = chipsIn(document.querySelector(".totals"));
    let laid = jobs;

    function show() {
      const q = state.q.trim().toLowerCase();
      const all = !state.statuses.size;
      const fits = (job) => job.text.includes(q) && (all || state.statuses.has(job.status));
      lay(sorting.order().filter(fits));
      table.hidden = !laid.length;
      for (const [status, chip] of chips) {
        chip.ariaPressed = String(status ? state.statuses.has(status) : !state.statuses.size);
      }
      if (find.value !== state.q) find.value = state.q;
      const said = laid.length ? `${laid.length} of ${jobs.length} jobs` : "No job matches.";
      if (found.textContent !== said) found.textContent = said;
    }

    // What is in view comes at once and the rest bit by bit: typing must not wait for it.
    function lay(these) {
      if (these.length === laid.length && these.every((job, place) => job === laid[place])) return;
      laid = these;
      body.replaceChildren();
      (function more(start, end) {
        if (laid !== these) return;
        body.append(...these.slice(start, end).map((job) => job.row));
        if (end < these.length) setTimeout(more, 0, end, end + 500);
      })(0, 100);
    }

    function change(what) {
      Object.assign(state, what);
      show();
      clearTimeout(change.timer);
      // Browsers allow a page only so many changes of its URL in a while.
      change.timer = setTimeout(write, 300);
    }

    function write() {
      const parts = new URLSearchParams();
      if (state.q) parts.set("q", state.q);
      for (const status of state.statuses) parts.append("status", status);
      if (sorting.sort) parts.set("sort", sorting.sort);
      const text = parts.toString();
      const plain = route ? `#${route}` : location.pathname + location.search;
      history.replaceState(null, "", text ? `#${route && `${route}?`}${text}` : plain);
    }

    function read() {
      const hash = location.hash.slice(1);
      if (route && hash.startsWith("/jobs/")) return;
      const parts = new URLSearchParams(hash.slice(hash.indexOf("?") + 1));
      state.q = parts.get("q") ?? "";
      state.statuses = new Set(parts.getAll("status").filter((status) => chips.has(status)));
      sorting.set(parts.get("sort") ?? "");
      show();
    }

    // Each total becomes a button, after one for all jobs.
    function chipsIn(list) {
      const made = new Map();
      const all = element("b", { textContent: jobs.length });
      list.prepend(element("li", {}, element("span", { className: "badge", textContent: "All" }), " ", all));
      for (const item of list.querySelectorAll("li:not(.more)")) {
        const status = made.size ? item.firstChild.textContent : "";
        const chip = element("button", { type: "button" }, ...item.childNodes);
        chip.addEventListener("click", () => {
          const statuses = new Set(status ? state.statuses : []);
          if (status && !statuses.delete(status)) statuses.add(status);
          change({ statuses });
        });
        item.append(chip);
        made.set(status, chip);
      }
      return made;
    }

    // Jobs that have a curve can be chosen, to be compared.
    function chooser() {
      const link = element("a", { className: "compare", hidden: true });
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
          link.textContent = chosen.size === 1 ? "Compare this job" : `Compare ${chosen.size} jobs`;
          link.href = `compare.html#jobs=${[...chosen].join(",")}`;
        });
        row.cells[1].prepend(box, " ");
      }
      find.parentElement.append(link);
    }

    chooser();
    find.addEventListener("input", () => change({ q: find.value }));
    addEventListener("hashchange", read);
    find.parentElement.hidden = false;
    read();
  }

  const table = document.querySelector(".jobs");
  if (table) enhance(table);
}
