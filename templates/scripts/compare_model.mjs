// What the comparison draws and marks, and how the page's address holds its state.
//
// The state: `jobs`, a set of slugs; `of`, the curve; `by`, step or time; `log`; `sort`.
import { digits } from "./plot_model.mjs";

const CURVES = ["loss", "eval-loss"];

// --- Curves: each a list of [x, y] ---

export const extent = (values) => values.reduce(
  ([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

// `curves` holds [steps, values, seconds] for each of a job's curves.
export function curvePoints(curves, { of, by, log }) {
  const [steps, values, seconds] = curves[CURVES.indexOf(of)];
  return (by === "time" ? seconds : steps)
    .map((x, at) => [x, values[at]])
    .filter(([, y]) => !log || y > 0);
}

// A curve that climbs far above the highest first value leaves the plot, since it would flatten the
// others.
export function curveRange(curves) {
  const drawn = curves.filter((points) => points.length);
  const [low, high] = extent(drawn.flat().map(([, y]) => y));
  const began = Math.max(...drawn.map(([[, y]]) => y));
  const fall = began - low;
  return fall > 0 && high - low > 2 * fall ? [low, began + fall / 10] : [low, high];
}

// The curves, given by name and points, in words.
export function describe(named, { of, by }) {
  const what = of === "loss" ? "Training loss" : "Evaluation loss";
  const how = by === "time" ? "time since the start" : "step";
  const curves = named.filter(({ points }) => points.length).map(({ name, points }) =>
    `${name}: ${digits(points[0][1], 5)} → ${digits(points.at(-1)[1], 5)}`);
  return `${what} by ${how}. ${curves.join("; ")}.`;
}

// --- Tables ---

// The lowest number, null if there are no two different ones.
export const lowest = (numbers) => (new Set(numbers).size < 2 ? null : Math.min(...numbers));
export const differ = (texts) => new Set(texts).size > 1;

// --- The address. A report holds all `slugs`, those shown `first`, and whether times are known ---

export function parseComparison(hash, { slugs, first, timed }) {
  const parts = new URLSearchParams(hash.slice(1));
  const asked = parts.get("jobs");
  return {
    jobs: new Set(asked === null ? first : asked.split(",").filter((slug) => slugs.includes(slug))),
    by: parts.get("by") === "time" && timed ? "time" : "step",
    of: CURVES.includes(parts.get("of")) ? parts.get("of") : "loss",
    log: parts.get("log") === "1",
    sort: parts.get("sort") ?? "",
  };
}

export function formatComparison({ jobs, by, of, log, sort }, { slugs, first }) {
  const parts = new URLSearchParams();
  const asFirst = jobs.size === first.length && first.every((slug) => jobs.has(slug));
  if (!asFirst) parts.set("jobs", slugs.filter((slug) => jobs.has(slug)).join(","));
  if (by !== "step") parts.set("by", by);
  if (of !== "loss") parts.set("of", of);
  if (log) parts.set("log", "1");
  if (sort) parts.set("sort", sort);
  const text = parts.toString().replaceAll("%2C", ",");
  return text && `#${text}`;
}
