// What the home page does beyond its HTML: search, filter by status, sorting.
// The state stands in the URL's fragment, so that a reload or a shared link shows the same.
"use strict";
{
  const MINUTE = 60, HOUR = 3600, DAY = 86400;

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // --- The table ---

  function enhance(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const jobs = [...body.rows].map((row, place) => ({
      row,
      place,
      status: row.cells[0].textContent,
      text: `${row.cells[1].firstChild.textContent}\n${row.cells[3].textContent}`.toLowerCase(),
    }));
    const keys = heads.map((head) => head.textContent.toLowerCase().replaceAll(" ", "-"));
    const state = { q: "", statuses: new Set(), sort: "" };
    const find = document.getElementById("find");
    const found = document.querySelector(".found");
    const chips = chipsIn(document.querySelector(".totals"));
    const names = new Intl.Collator(undefined, { numeric: true });
    let order = { sort: "", jobs };
    let laid = jobs;

    // By "status", "-status" (falling) and so on; "" is the report's own order.
    function sorted() {
      const falling = state.sort.startsWith("-");
      const column = keys.indexOf(falling ? state.sort.slice(1) : state.sort);
      if (column < 0) return jobs;
      const numeric = heads[column].className === "n";
      const known = [], unknown = [];
      for (const job of jobs) {
        const value = valueOf(job.row.cells[column], numeric);
        (value === null ? unknown : known).push({ job, value });
      }
      const sign = falling ? -1 : 1;
      const compare = numeric ? (a, b) => a - b : names.compare;
      known.sort((a, b) => sign * compare(a.value, b.value) || a.job.place - b.job.place);
      return [...known, ...unknown].map((one) => one.job);
    }

    function valueOf(cell, numeric) {
      if (numeric) {
        const number = Number.parseFloat(cell.dataset.n ?? cell.textContent);
        return Number.isNaN(number) ? null : number;
      }
      const text = cell.querySelector("time")?.dateTime ?? cell.textContent;
      return text === "—" ? null : text;
    }

    function show() {
      const q = state.q.trim().toLowerCase();
      if (order.sort !== state.sort) order = { sort: state.sort, jobs: sorted() };
      const all = !state.statuses.size;
      const fits = (job) => job.text.includes(q) && (all || state.statuses.has(job.status));
      lay(order.jobs.filter(fits));
      heads.forEach((head, column) => {
        if (state.sort === keys[column]) head.ariaSort = "ascending";
        else if (state.sort === `-${keys[column]}`) head.ariaSort = "descending";
        else head.removeAttribute("aria-sort");
      });
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
      if (state.sort) parts.set("sort", state.sort);
      const text = parts.toString();
      history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    }

    function read() {
      const parts = new URLSearchParams(location.hash.slice(1));
      const sort = parts.get("sort") ?? "";
      state.q = parts.get("q") ?? "";
      state.statuses = new Set(parts.getAll("status").filter((status) => chips.has(status)));
      state.sort = keys.includes(sort.replace(/^-/, "")) ? sort : "";
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

    heads.forEach((head, column) => {
      const button = element("button", { type: "button" }, ...head.childNodes);
      const key = keys[column];
      const next = { "": key, [key]: `-${key}`, [`-${key}`]: "" };
      button.addEventListener("click", () => change({ sort: next[state.sort] ?? key }));
      head.append(button);
    });
    find.addEventListener("input", () => change({ q: find.value }));
    addEventListener("hashchange", read);
    table.classList.add("sortable");
    find.parentElement.hidden = false;
    read();
  }

  const table = document.querySelector(".jobs");
  if (table) enhance(table);
}
