// The comparison's curves, text and marks, and its state in the page's address.
//
// The state: `jobs`, a set of slugs; `of`, the curve; `by`, step or time; `log`; `full`, the whole
// range of x; `sort`. A curve is { points, averaged }, a point [x, y], or [x, y, true] if the line
// breaks before it.
import { approximate, duration, digits } from "./plot_model.mjs";

export const CURVE_NAMES = { loss: "Training loss", "eval-loss": "Evaluation loss" };
const CURVES = Object.keys(CURVE_NAMES);

// --- Curves ---

export const extent = (values) => values.reduce(
  ([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

// `curves` holds [steps, values, seconds, averaged, breaks?] for each of a job's curves. A line breaks
// at values that are not finite, and at those that a log scale cannot show.
export function curveOf(curves, { of, by, log }) {
  const [steps, values, seconds, averaged, breaks = []] = curves[CURVES.indexOf(of)];
  const points = [];
  let broken = false;
  (by === "time" ? seconds : steps).forEach((x, at) => {
    const y = values[at];
    broken ||= breaks.includes(at);
    if (log && y <= 0) {
      broken = true;
      return;
    }
    points.push(broken && points.length ? [x, y, true] : [x, y]);
    broken = false;
  });
  return { points, averaged: averaged === 1 };
}

// The range of x until only one curve has points, so that one long run does not squeeze the others;
// the full range if `full` or if only one curve is drawn.
export function rangeAcross(curves, full) {
  const [low, high] = extent(curves.flatMap((points) => points.map(([x]) => x)));
  const ends = curves.filter((points) => points.length).map((points) => points.at(-1)[0]).sort((a, b) => a - b);
  const shared = ends.at(-2);
  return full || ends.length < 2 || shared <= low ? [low, high] : [low, shared];
}

// The first value of a curve or, if that is a spike, a value that nearly all others are below.
function startOf(points) {
  const ordered = points.map(([, y]) => y).sort((a, b) => a - b);
  const [low, high] = [ordered[0], ordered[Math.floor(0.98 * (ordered.length - 1))]];
  const [[, first]] = points;
  return high > low && first - low > 20 * (high - low) ? high : first;
}

// The range of y for points within a range of x. A curve that rises far above the highest first
// value leaves the plot, so as not to flatten the others.
export function rangeUpwards(curves, [, most]) {
  const drawn = curves.map((points) => points.filter(([x]) => x <= most)).filter((points) => points.length);
  const [low, high] = extent(drawn.flatMap((points) => points.map(([, y]) => y)));
  const fall = Math.max(...drawn.map(startOf)) - low;
  return fall > 0 && high - low > 2 * fall ? [low, low + 1.1 * fall] : [low, high];
}

// The point on a curve nearest to an x; null if the curve does not reach it.
export function pointNear(points, x, [low, high]) {
  let at = 0;
  points.forEach(([other], place) => (at = Math.abs(other - x) < Math.abs(points[at][0] - x) ? place : at));
  if (!points.length) return null;
  const apart = (place) => (points[place] ? Math.abs(points[place][0] - points[at][0]) / 2 : 0);
  const room = Math.max(apart(at - 1), apart(at + 1), (high - low) / 160);
  return Math.abs(points[at][0] - x) <= room ? points[at] : null;
}

// --- In words ---

export const titleOf = ({ of, by }) =>
  `${CURVE_NAMES[of]} by ${by === "time" ? "time since the start" : "step"}`;

export function describe(named, state) {
  const curves = named.filter(({ points }) => points.length).map(({ name, points }) =>
    `${name}: ${digits(points[0][1], 4)} → ${digits(points.at(-1)[1], 4)}`);
  return `${titleOf(state)}. ${curves.join("; ") || "No curve"}.`;
}

export function emptyText(curves, { log }) {
  return log && curves.some(({ points }) => points.length)
    ? "No value above zero, which is all that a log scale can show."
    : "None of the selected jobs has this curve.";
}

export const beyondText = (count, { by }) =>
  `The plot ends at the last ${by === "time" ? "time" : "step"} that two jobs reach; ${count} ${count === 1 ? "job goes" : "jobs go"} further.`;

// The tooltip for an x: its first line, and a line for each curve with a point near it.
export function tooltipOf(named, x, { by }, across, upwards) {
  const near = named.map(({ name, points, averaged, row }) => ({ name, row, averaged, point: pointNear(points, x, across) }))
    .filter(({ point }) => point)
    .sort((one, other) => one.point[1] - other.point[1]);
  if (!near.length) return null;
  const at = near.reduce((best, one) => Math.abs(one.point[0] - x) < Math.abs(best.point[0] - x) ? one : best);
  const means = near.some(({ averaged }) => averaged);
  const place = by === "time" ? duration(at.point[0]) : at.averaged ? `≈ ${approximate(at.point[0], across)}` : at.point[0];
  const valueOf = ({ averaged, point: [own, y] }) => {
    if (averaged) return `≈ ${approximate(y, upwards)}`;
    return by === "step" && own !== at.point[0] ? `${y} at ${own}` : String(y);
  };
  return {
    x: at.point[0],
    head: `${by === "time" ? "after" : "step"} ${place}`,
    rows: near.map((one) => ({ name: one.name, row: one.row, value: valueOf(one) })),
    means,
  };
}

// --- Tables ---

// The lowest number; null unless there are two different ones.
export const lowest = (numbers) => (new Set(numbers).size < 2 ? null : Math.min(...numbers));
export const differ = (texts) => new Set(texts).size > 1;

// --- The address. A report holds all `slugs`, those shown `first`, the curve drawn first (`of`),
// and whether times are known (`timed`) ---

export function parseComparison(hash, { slugs, first, of, timed }) {
  const parts = new URLSearchParams(hash.slice(1));
  const asked = parts.get("jobs");
  return {
    jobs: new Set(asked === null ? first : asked.split(",").filter((slug) => slugs.includes(slug))),
    by: parts.get("by") === "time" && timed ? "time" : "step",
    of: CURVES.includes(parts.get("of")) ? parts.get("of") : of,
    log: parts.get("log") === "1",
    full: parts.get("full") === "1",
    sort: parts.get("sort") ?? "",
  };
}

export function formatComparison({ jobs, by, of, log, full, sort }, report) {
  const { slugs, first } = report;
  const parts = new URLSearchParams();
  const asFirst = jobs.size === first.length && first.every((slug) => jobs.has(slug));
  if (!asFirst) parts.set("jobs", slugs.filter((slug) => jobs.has(slug)).join(","));
  if (by !== "step") parts.set("by", by);
  if (of !== report.of) parts.set("of", of);
  if (log) parts.set("log", "1");
  if (full) parts.set("full", "1");
  if (sort) parts.set("sort", sort);
  const text = parts.toString().replaceAll("%2C", ",");
  return text && `#${text}`;
}
