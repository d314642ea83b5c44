// The comparison's controls: which jobs, by step or by time, training or evaluation loss. The page's
// address holds the choice, so that a comparison can be linked to.
import { putAddress } from "./address.mjs";
import { curvePoints, formatComparison, parseComparison } from "./compare_model.mjs";
import { comparisonChart, markBest, nameOf, showConfigs } from "./compare_view.mjs";
import { html, labelled, toolbox } from "./plot_view.mjs";
import { sortable } from "./table_view.mjs";

// Controls write to the state; each comes with a function that updates the control from the state.

function addSwitches(tools, state, timed, show) {
  const updates = [];
  const add = (word, attributes, isChecked, change) => {
    const input = labelled(tools, word, attributes, () => {
      change(input);
      show();
    });
    updates.push(() => (input.checked = isChecked()));
    return input;
  };
  const choice = (name, value, word) => add(word, { type: "radio", name, value },
    () => state[name] === value, () => (state[name] = value));
  choice("of", "loss", "Training loss");
  choice("of", "eval-loss", "Eval loss");
  choice("by", "step", "By step");
  choice("by", "time", "By time since start").disabled = !timed;
  add("Log scale", { type: "checkbox" }, () => state.log, (input) => (state.log = input.checked));
  return updates;
}

// A checkbox in each row selects its job.
function addBoxes(rows, state, show) {
  return rows.map((row) => {
    const slug = row.dataset.job;
    const box = html("input", { type: "checkbox", "aria-label": `Compare ${nameOf(row)}` });
    box.addEventListener("input", () => {
      if (box.checked) state.jobs.add(slug);
      else state.jobs.delete(slug);
      show();
    });
    row.cells[0].prepend(box, " ");
    return () => (box.checked = state.jobs.has(slug));
  });
}

function enhanceComparison(box) {
  const data = JSON.parse(document.getElementById("curve-data").textContent);
  const table = document.querySelector(".results");
  const configs = document.querySelector(".configs");
  const [body] = table.tBodies;
  const rows = [...body.rows];
  const report = {
    slugs: rows.map((row) => row.dataset.job),
    first: rows.filter((row) => "shown" in row.dataset).map((row) => row.dataset.job),
    timed: rows.some((row) => data[row.dataset.job].some(([, , seconds]) => seconds.length)),
  };
  const state = {};

  function show() {
    updates.forEach((update) => update());
    const order = sorting.order().map(({ row }) => row);
    if (order.some((row, at) => row !== body.rows[at])) body.replaceChildren(...order);
    const chosen = rows.filter((row) => state.jobs.has(row.dataset.job));
    const curves = chosen.map((row) => ({ row, points: curvePoints(data[row.dataset.job], state) }));
    empty.hidden = draw(curves, state);
    markBest(table, chosen);
    if (configs) showConfigs(configs, state.jobs);
    const address = formatComparison({ ...state, sort: sorting.get() }, report);
    putAddress(address);
  }

  function read() {
    Object.assign(state, parseComparison(location.hash, report));
    sorting.set(state.sort);
    show();
  }

  const draw = comparisonChart(box.querySelector("svg"));
  const empty = html("p", { class: "note empty" }, "None of the selected jobs has this curve.");
  const tools = toolbox();
  box.after(empty, tools);
  const updates = [...addSwitches(tools, state, report.timed, show), ...addBoxes(rows, state, show)];
  const sorting = sortable(table, rows.map((row) => ({ row })), show);
  addEventListener("hashchange", read);
  read();
}

const comparison = document.querySelector(".comparison");
if (comparison) enhanceComparison(comparison);
