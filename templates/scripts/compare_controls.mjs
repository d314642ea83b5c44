// The comparison's controls: which jobs, by step or by time, training or evaluation loss. The
// page's address stores these choices, so that a comparison can be linked to.
import { putAddress } from "./address.mjs";
import { beyondText, curveOf, describe, emptyText, formatComparison, parseComparison, titleOf } from "./compare_model.mjs";
import { compareTip } from "./compare_tip.mjs";
import { comparisonChart, configsView, lift, markBest, nameOf } from "./compare_view.mjs";
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
  choice("of", "eval-loss", "Eval loss");
  choice("of", "loss", "Training loss");
  choice("by", "step", "By step");
  choice("by", "time", "By time since start").disabled = !timed;
  add("Log scale", { type: "checkbox" }, () => state.log, (input) => (state.log = input.checked));
  add("Full range", { type: "checkbox" }, () => state.full, (input) => (state.full = input.checked));
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

// Pointing at a row, or focusing something in it, highlights its line.
function listenToRows(rows, svg) {
  for (const row of rows) {
    for (const name of ["pointerenter", "focusin"]) row.addEventListener(name, () => lift(svg, row.dataset.job));
    for (const name of ["pointerleave", "focusout"]) row.addEventListener(name, () => lift(svg, null));
  }
}

function enhanceComparison(box) {
  const data = JSON.parse(document.getElementById("curve-data").textContent);
  const svg = box.querySelector("svg");
  const table = document.querySelector(".results");
  const [body] = table.tBodies;
  const rows = [...body.rows];
  const note = document.querySelector(".beyond");
  const title = document.querySelector("#curves ~ small").firstChild;
  const report = {
    slugs: rows.map((row) => row.dataset.job),
    first: rows.filter((row) => "shown" in row.dataset).map((row) => row.dataset.job),
    of: box.dataset.of,
    timed: rows.some((row) => data[row.dataset.job].some(([, , seconds]) => seconds.length)),
  };
  const state = {};
  let drawn = null;

  function draw(chosen) {
    const curvesIn = (view) => chosen.map((row) =>
      ({ row, name: nameOf(row), ...curveOf(data[row.dataset.job], view) }));
    const curves = curvesIn(state);
    tip.hide();
    drawn = chart(curves, state);
    if (drawn) Object.assign(drawn, { curves, state });
    empty.hidden = drawn !== null;
    empty.textContent = emptyText(curvesIn({ ...state, log: false }), state);
    note.hidden = !drawn?.beyond;
    note.textContent = beyondText(drawn?.beyond, state);
    title.data = `${titleOf(state)} · long curves averaged in 160 columns`;
    svg.querySelector("desc").textContent = describe(curves, state);
  }

  function show() {
    updates.forEach((update) => update());
    const order = sorting.order().map(({ row }) => row);
    if (order.some((row, at) => row !== body.rows[at])) body.replaceChildren(...order);
    const chosen = rows.filter((row) => state.jobs.has(row.dataset.job));
    draw(chosen);
    markBest(table, chosen);
    showConfigs();
    putAddress(formatComparison({ ...state, sort: sorting.get() }, report));
  }

  function read() {
    Object.assign(state, parseComparison(location.hash, report));
    sorting.set(state.sort);
    show();
  }

  const chart = comparisonChart(svg);
  const tip = compareTip(box, svg, () => drawn);
  const showConfigs = configsView(() => state.jobs);
  const empty = html("p", { class: "note empty" });
  const tools = toolbox();
  box.after(empty, tools);
  const updates = [...addSwitches(tools, state, report.timed, show), ...addBoxes(rows, state, show)];
  const sorting = sortable(table, rows.map((row) => ({ row })), show);
  const hint = document.querySelector(".hint");
  if (hint) hint.hidden = false;
  listenToRows(rows, svg);
  addEventListener("hashchange", read);
  read();
}

const comparison = document.querySelector(".comparison");
if (comparison) enhanceComparison(comparison);
