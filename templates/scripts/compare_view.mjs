// The comparison on the page: curves drawn, the best results marked, configs side by side.
import { curveRange, describe, differ, extent, lowest } from "./compare_model.mjs";
import { HEIGHT, linePath, niceTicks, plotAxes, timeTicks } from "./plot_model.mjs";
import { axesIn, html, shape } from "./plot_view.mjs";

const RATED = [3, 4, 5, 6];
export const nameOf = (row) => row.querySelector("a").textContent;

// A job's line looks like its sign in the table of results.
function signedLine(row, d) {
  const sign = row.querySelector("svg path");
  const drawn = shape("path", {
    class: sign.getAttribute("class"), fill: "none", "stroke-width": 1.75,
    "stroke-linejoin": "round", "stroke-linecap": "round", "vector-effect": "non-scaling-stroke", d,
  });
  const dashes = sign.getAttribute("stroke-dasharray");
  if (dashes) drawn.setAttribute("stroke-dasharray", dashes);
  drawn.append(shape("title", {}, nameOf(row)));
  return drawn;
}

// Draws one curve for each row of the table, and returns whether there was anything to draw.
export function comparisonChart(svg) {
  const axes = axesIn(svg);
  return (drawn, state) => {
    const curves = drawn.map(({ points }) => points);
    const all = curves.flat();
    const lines = [];
    if (all.length) {
      const ranges = { across: extent(all.map(([x]) => x)), upwards: curveRange(curves), log: state.log };
      const plot = plotAxes(ranges, state.by === "time" ? timeTicks : niceTicks);
      axes.draw(plot);
      const place = ([x, y]) => [plot.x(x), Math.max(plot.y(y), -HEIGHT)];
      lines.push(...drawn.map(({ row, points }) => signedLine(row, linePath(points.map(place)))));
    }
    svg.querySelector(".curves").replaceChildren(...lines);
    const named = drawn.map(({ row, points }) => ({ name: nameOf(row), points }));
    svg.querySelector("desc").textContent = describe(named, state);
    return all.length > 0;
  };
}

// Marks the best number of each column among some rows.
export function markBest(table, rows) {
  for (const old of table.querySelectorAll(".best")) old.replaceWith(old.textContent);
  for (const column of RATED) {
    const cells = rows.map((row) => row.cells[column])
      .filter((cell) => cell.dataset.n && !cell.classList.contains("unrated"));
    const numbers = cells.map((cell) => Number(cell.dataset.n));
    const best = lowest(numbers);
    cells.forEach((cell, at) => {
      if (numbers[at] === best) cell.replaceChildren(html("b", { class: "best", title: "best" }, cell.textContent));
    });
  }
}

// Shows the configs of some jobs, the keys in which they differ first.
export function showConfigs(table, jobs) {
  const heads = [...table.tHead.rows[0].cells];
  const chosen = heads.map((head) => !head.dataset.job || jobs.has(head.dataset.job));
  heads.forEach((head, at) => (head.hidden = !chosen[at]));
  const body = table.tBodies[0];
  const differs = new Map([...body.rows].map((row) => {
    const cells = [...row.cells];
    cells.forEach((cell, at) => (cell.hidden = !chosen[at]));
    const texts = cells.filter((_, at) => at && chosen[at]).map((cell) => cell.textContent);
    return [row, differ(texts)];
  }));
  for (const [row, differing] of differs) {
    row.className = differing ? "differs" : "";
    row.cells[0].querySelector("small")?.remove();
    if (differing) row.cells[0].append(" ", html("small", {}, "differs"));
  }
  body.append(...[...body.rows].sort((a, b) => differs.get(b) - differs.get(a)));
}
