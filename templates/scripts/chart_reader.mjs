// The contents of the loss chart's SVG, read once: curves as points, and the positions of marks.
import { decoded, parseNumbers, partsOf, stepAt, valueAt } from "./points_model.mjs";
import { KIND_NAMES } from "./chart_model.mjs";
import { meanRuns } from "./smoothing_model.mjs";

const KINDS = Object.keys(KIND_NAMES);

const all = (svg, selector) => [...svg.querySelectorAll(selector)];

function readSeries(svg, kind, whole) {
  const node = svg.querySelector(`path.${kind}`);
  if (!node) return [];
  const { means } = node.dataset;
  const parts = partsOf(kind, node.getAttribute("d"), decoded(node.dataset), whole);
  const runs = means ? meanRuns(means, whole) : parts.filter((part) => part.length > 1);
  return [{ kind, node, parts, points: parts.flat(), runs }];
}

export function readChart(svg) {
  const whole = { across: parseNumbers(svg.dataset.across), upwards: parseNumbers(svg.dataset.upwards) };
  const place = (x, y) => ({ step: stepAt(whole, Number(x)), value: valueAt(whole, Number(y)) });
  return {
    whole,
    series: KINDS.flatMap((kind) => readSeries(svg, kind, whole)),
    circles: all(svg, "circle").map((node) =>
      ({ node, ...place(node.getAttribute("cx"), node.getAttribute("cy")) })),
    labels: all(svg, ".extreme text"),
    // Many dots are one path: "M1,2h0M3,4h0".
    dots: all(svg, "path[class$='-dots']").map((node) => ({
      node,
      places: node.getAttribute("d").split("M").slice(1).map((dot) => place(...dot.slice(0, -2).split(","))),
    })),
    // Marks that have a step but no value.
    fixed: all(svg, ".checkpoint, .not-finite").map((node) => {
      const x = Number(/M([\d.]+)/.exec(node.getAttribute("d"))[1]);
      return { node, x, step: stepAt(whole, x) };
    }),
  };
}
