// The comparison on the page: named curves, results with the best marked, configs side by side.
import { differ, lowest, rangeAcross, rangeUpwards } from "./compare_model.mjs";
import { leftMargin, spreadLabels } from "./label_model.mjs";
import { HEIGHT, linePath, niceTicks, plotAxes, timeTicks } from "./plot_model.mjs";
import { axesIn, fill, html, shape } from "./plot_view.mjs";
import { numberOf } from "./table_model.mjs";

const MOST_NAMES = 16;
export const nameOf = (row) => row.querySelector("a").textContent;

// A job's line looks like its sign in the table of results.
function signedLine({ row, name, points }, { x, y }) {
  const sign = row.querySelector("svg path");
  const starts = (at) => at === points.length || at === 0 || points[at].length > 2;
  const places = points.flatMap(([at, value], index) => {
    const place = [x(at), Math.max(y(value), -HEIGHT)];
    // A lone point is a line of no length, which is drawn as a dot.
    return [...(starts(index) ? [null] : []), place, ...(starts(index) && starts(index + 1) ? [place] : [])];
  });
  const drawn = shape("path", {
    class: sign.getAttribute("class"), fill: "none", "stroke-width": 1.75, "data-job": row.dataset.job,
    "stroke-linejoin": "round", "stroke-linecap": "round", "vector-effect": "non-scaling-stroke",
    d: linePath(places),
  });
  const dashes = sign.getAttribute("stroke-dasharray");
  if (dashes) drawn.setAttribute("stroke-dasharray", dashes);
  drawn.append(shape("title", {}, name));
  return drawn;
}

// The names at the lines' ends, spread apart; empty if there are too many.
function namesOf(curves, [, most], { y }) {
  const ends = curves.flatMap(({ row, points }) => {
    const last = points.filter(([at]) => at <= most).at(-1);
    return last ? [{ row, at: Math.min(Math.max(y(last[1]), 0), HEIGHT) }] : [];
  });
  if (ends.length > MOST_NAMES) return [];
  const heights = spreadLabels(ends.map(({ at }) => at));
  return ends.map(({ row }, place) => {
    const label = html("div", { class: row.querySelector("svg path").getAttribute("class") });
    label.append(...row.querySelector("a").cloneNode(true).childNodes);
    const room = shape("foreignObject", { x: 648, y: heights[place] - 7, width: 132, height: 14 });
    room.append(label);
    return room;
  });
}

// Draws curves, each { row, name, points }; returns the drawing, null if there is nothing to draw.
export function comparisonChart(svg) {
  const axes = axesIn(svg);
  const [lines, ends] = [svg.querySelector(".curves"), svg.querySelector(".ends")];
  return (curves, state) => {
    const all = curves.map(({ points }) => points);
    lines.replaceChildren();
    ends.replaceChildren();
    if (!all.flat().length) return null;
    const across = rangeAcross(all, state.full);
    const upwards = rangeUpwards(all, across);
    const plot = plotAxes({ across, upwards, log: state.log }, state.by === "time" ? timeTicks : niceTicks);
    const left = leftMargin(plot.yTicks);
    fill(svg, { viewBox: `${-left} -12 ${left + 656} 236` });
    axes.draw(plot);
    lines.append(...curves.filter(({ points }) => points.length).map((curve) => signedLine(curve, plot)));
    ends.append(...namesOf(curves, across, plot));
    return { plot, across, upwards, beyond: all.filter((points) => points.at(-1)?.[0] > across[1]).length };
  };
}

// Highlights a job's line; null removes the highlight.
export function lift(svg, slug) {
  const lines = svg.querySelector(".curves");
  const line = [...lines.children].find((one) => one.dataset.job === slug);
  lines.classList.toggle("lifting", Boolean(line));
  for (const one of lines.children) one.classList.toggle("lifted", one === line);
}

// Marks the best number in each column among some rows.
export function markBest(table, rows) {
  for (const old of table.querySelectorAll(".best")) old.replaceWith(old.textContent);
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (head.className !== "n") return;
    const cells = rows.map((row) => row.cells[column])
      .filter((cell) => cell.dataset.n && !cell.classList.contains("unrated"));
    const numbers = cells.map((cell) => numberOf(cell.dataset.n));
    const best = lowest(numbers);
    cells.forEach((cell, at) => {
      if (numbers[at] === best) cell.replaceChildren(html("b", { class: "best", title: "best" }, cell.textContent));
    });
  });
}

// Shows some jobs' configs: the settings that differ and, collapsed, the ones that do not.
export function configsView(jobs) {
  const tables = [...document.querySelectorAll(".configs")];
  const [differing, alike] = tables.map((table) => table.tBodies[0]);
  if (!alike) return () => {};
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  const slugs = [...tables[0].tHead.rows[0].cells].map((head) => head.dataset.job);
  return () => {
    const chosen = slugs.map((slug) => !slug || jobs().has(slug));
    for (const { cells } of [...tables.map((table) => table.tHead.rows[0]), ...rows]) {
      [...cells].forEach((cell, at) => (cell.hidden = !chosen[at]));
    }
    const differs = (row) => differ([...row.cells].filter((_, at) => at && chosen[at]).map((cell) => cell.textContent));
    const different = rows.filter(differs);
    differing.replaceChildren(...different);
    alike.replaceChildren(...rows.filter((row) => !different.includes(row)));
    for (const { tBodies, parentElement } of tables) parentElement.hidden = !tBodies[0].rows.length;
    document.querySelector(".same").hidden = different.length > 0;
    document.querySelector(".alike span").textContent = alike.rows.length;
  };
}
