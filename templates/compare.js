// The comparison's controls: which jobs, by step or by time, training or evaluation loss. What is
// chosen stands in the URL's fragment, so that a comparison can be linked.
"use strict";
{
const enhanceComparison = (box) => {
  const { WIDTH, HEIGHT, fill, html, shape, plain, digits, extent } = Plot;
  const courses = JSON.parse(document.getElementById("courses").textContent);
  const svg = box.querySelector("svg");
  const curves = svg.querySelector(".curves");
  const axes = Plot.axes(svg);
  const rows = [...document.querySelectorAll(".results tbody tr")];
  const configs = document.querySelector(".configs");
  const slugs = rows.map((row) => row.dataset.job);
  const first = slugs.filter((_, at) => "shown" in rows[at].dataset);
  const state = { jobs: new Set(first), by: "step", of: "loss", log: false };
  const KINDS = ["loss", "eval-loss"];

  const points = (slug) => {
    const [steps, values, seconds] = courses[slug][KINDS.indexOf(state.of)];
    const across = state.by === "time" ? seconds : steps;
    return across.map((x, at) => [x, values[at]]).filter(([, y]) => !state.log || y > 0);
  };

  // A curve that climbs far above where all began leaves the plot: it would press the rest flat.
  const upwards = (drawn) => {
    const all = drawn.flatMap(({ pairs }) => pairs.map(([, y]) => y));
    const [low, high] = extent(all);
    const began = Math.max(...drawn.filter(({ pairs }) => pairs.length).map(({ pairs }) => pairs[0][1]));
    const fall = began - low;
    return fall > 0 && high - low > 2 * fall ? [low, began + fall / 10] : [low, high];
  };

  const draw = () => {
    const drawn = rows.filter((row) => state.jobs.has(row.dataset.job))
      .map((row) => ({ row, pairs: points(row.dataset.job) }));
    const all = drawn.flatMap(({ pairs }) => pairs);
    curves.replaceChildren();
    empty.hidden = all.length > 0;
    if (all.length) {
      const across = extent(all.map(([x]) => x));
      const view = { across, upwards: upwards(drawn), log: state.log };
      const { x, y } = axes.draw(view, state.by === "time" ? Plot.time : undefined);
      for (const { row, pairs } of drawn) {
        const sign = row.querySelector("svg path");
        const path = shape("path", {
          class: sign.getAttribute("class"), fill: "none", "stroke-width": 1.75,
          "stroke-linejoin": "round", "stroke-linecap": "round", "vector-effect": "non-scaling-stroke",
          d: pairs.map(([a, b], at) => `${at ? "L" : "M"}${plain(x(a))},${plain(Math.max(y(b), -HEIGHT))}`).join(""),
        });
        if (sign.hasAttribute("stroke-dasharray")) path.setAttribute("stroke-dasharray", sign.getAttribute("stroke-dasharray"));
        path.append(shape("title", {}, row.querySelector("a").textContent));
        curves.append(path);
      }
    }
    const what = state.of === "loss" ? "Training loss" : "Evaluation loss";
    const how = state.by === "time" ? "time since the start" : "step";
    const last = ({ row, pairs }) => `${row.querySelector("a").textContent}: ${digits(pairs[0][1], 5)} → ${digits(pairs.at(-1)[1], 5)}`;
    svg.querySelector("desc").textContent = `${what} by ${how}. ${drawn.filter(({ pairs }) => pairs.length).map(last).join("; ")}.`;
    mark(drawn.map(({ row }) => row));
    if (configs) compare();
  };

  // The best of each column among the chosen.
  const mark = (chosen) => {
    for (const old of document.querySelectorAll(".results .best")) old.replaceWith(old.textContent);
    for (let column = 3; column <= 6; column += 1) {
      const cells = chosen.map((row) => row.cells[column]).filter((cell) => cell.dataset.n && !cell.classList.contains("unrated"));
      const numbers = cells.map((cell) => Number(cell.dataset.n));
      if (new Set(numbers).size < 2) continue;
      const least = Math.min(...numbers);
      cells.forEach((cell, at) => {
        if (numbers[at] === least) cell.replaceChildren(html("b", { class: "best", title: "best" }, cell.textContent));
      });
    }
  };

  // The configs of the chosen, the keys in which these differ first.
  const compare = () => {
    const heads = [...configs.tHead.rows[0].cells];
    const chosen = heads.map((head) => !head.dataset.job || state.jobs.has(head.dataset.job));
    heads.forEach((head, at) => (head.hidden = !chosen[at]));
    const body = configs.tBodies[0];
    const differs = new Map([...body.rows].map((row) => {
      const cells = [...row.cells];
      cells.forEach((cell, at) => (cell.hidden = !chosen[at]));
      const texts = cells.filter((_, at) => at && chosen[at]).map((cell) => cell.textContent);
      return [row, new Set(texts).size > 1];
    }));
    for (const [row, is] of differs) {
      row.className = is ? "differs" : "";
      row.cells[0].querySelector("small")?.remove();
      if (is) row.cells[0].append(" ", html("small", {}, "differs"));
    }
    body.append(...[...body.rows].sort((a, b) => differs.get(b) - differs.get(a)));
  };

  // Controls.

  const tools = html("div", { class: "tools", role: "group", "aria-label": "Chart" });
  const inputs = [];
  const control = (word, attributes, read, change) => {
    const label = html("label", {});
    const input = html("input", attributes);
    input.addEventListener("input", () => {
      change(input);
      show();
    });
    label.append(input, ` ${word}`);
    tools.append(label);
    inputs.push(() => (input.checked = read()));
    return input;
  };
  const choice = (name, value, word) => control(word, { type: "radio", name, value },
    () => state[name] === value, () => (state[name] = value));
  choice("of", "loss", "Training loss");
  choice("of", "eval-loss", "Eval loss");
  choice("by", "step", "By step");
  const time = choice("by", "time", "By time since start");
  time.disabled = !slugs.some((slug) => courses[slug].some(([, , seconds]) => seconds.length));
  control("Log scale", { type: "checkbox" }, () => state.log, (input) => (state.log = input.checked));
  const empty = html("p", { class: "note empty" }, "None of the chosen jobs has such a curve.");
  box.after(empty, tools);

  for (const row of rows) {
    const slug = row.dataset.job;
    const box = html("input", { type: "checkbox", "aria-label": `Compare ${row.querySelector("a").textContent}` });
    box.addEventListener("input", () => {
      if (box.checked) state.jobs.add(slug);
      else state.jobs.delete(slug);
      show();
    });
    inputs.push(() => (box.checked = state.jobs.has(slug)));
    row.cells[0].prepend(box, " ");
  }

  const show = () => {
    inputs.forEach((update) => update());
    const order = sorting.order().map((item) => item.row);
    if (order.some((row, at) => row !== table.tBodies[0].rows[at])) table.tBodies[0].replaceChildren(...order);
    draw();
    const parts = new URLSearchParams();
    const same = state.jobs.size === first.length && first.every((slug) => state.jobs.has(slug));
    if (!same) parts.set("jobs", slugs.filter((slug) => state.jobs.has(slug)).join(","));
    if (state.by !== "step") parts.set("by", state.by);
    if (state.of !== "loss") parts.set("of", state.of);
    if (state.log) parts.set("log", "1");
    if (sorting.sort) parts.set("sort", sorting.sort);
    const text = parts.toString().replaceAll("%2C", ",");
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };
  const read = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    const asked = parts.get("jobs");
    state.jobs = new Set(asked === null ? first : asked.split(",").filter((slug) => slugs.includes(slug)));
    state.by = parts.get("by") === "time" && !time.disabled ? "time" : "step";
    state.of = KINDS.includes(parts.get("of")) ? parts.get("of") : "loss";
    state.log = parts.get("log") === "1";
    sorting.set(parts.get("sort") ?? "");
    show();
  };

  const table = document.querySelector(".results");
  const sorting = Table.sorting(table, rows.map((row, place) => ({ row, place })), () => show());
  addEventListener("hashchange", read);
  read();
};

const comparison = document.querySelector(".comparison");
if (comparison) enhanceComparison(comparison);
}
