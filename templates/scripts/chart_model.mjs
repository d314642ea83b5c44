// The loss chart's computations: the ranges shown, the nearest step, the tooltip's text. Values in,
// values out.
//
// A point is { kind, step, value, exact }; a series is { kind, points }. `whole` holds the page's
// original ranges. A view holds the reader's choices: { range, log, smoothing, inliers,
// off }, with `range` in steps (`whole.across` itself without zoom), `smoothing` from 0 to 1,
// `inliers` for the view without outliers, and `off` for the hidden kinds.
import { approximate } from "./plot_model.mjs";

export const KIND_NAMES = { loss: "Training loss", "eval-loss": "Eval loss", superseded: "Superseded", baseline: "Baseline" };

// --- Visible values ---

const shownSeries = (series, { off }) => series.filter(({ kind }) => !off.has(kind));
export const isDrawable = ({ value }, { log }) => !log || value > 0;
export const isVisible = (point, view) =>
  point.step >= view.range[0] && point.step <= view.range[1] && isDrawable(point, view);

// The range of the values other than outliers: those within ten median deviations of the median.
// It is null unless it is less than a quarter of the whole range.
export function inlierRange(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted[sorted.length >> 1];
  const apart = sorted.map((value) => Math.abs(value - middle)).sort((one, other) => one - other);
  const limit = 10 * apart[apart.length >> 1];
  const inside = sorted.filter((value) => Math.abs(value - middle) <= limit);
  const [low, high] = [inside[0], inside.at(-1)];
  return low < high && sorted.at(-1) / 4 - sorted[0] / 4 > high - low ? [low, high] : null;
}

// The values of a view's points, and their range without outliers (null if there are no outliers).
export function inliersOf(series, view) {
  const values = shownSeries(series, view).flatMap(({ points }) =>
    points.filter((point) => isVisible(point, view)).map(({ value }) => value));
  return { values, range: inlierRange(values) };
}

// The range of values shown: `whole.upwards` itself unless the view is zoomed or logarithmic, or
// leaves out outliers or kinds.
export function valueRange(series, view, whole) {
  if (view.inliers) {
    const { range } = inliersOf(series, view);
    if (range) return range;
  }
  if (view.range === whole.across && !view.log && !view.off.size) return whole.upwards;
  let low = Infinity;
  let high = -Infinity;
  for (const { points } of shownSeries(series, view)) {
    for (const point of points) {
      if (!isVisible(point, view)) continue;
      low = Math.min(low, point.value);
      high = Math.max(high, point.value);
    }
  }
  if (low <= high) return [low, high];
  return view.log ? [0.1, 1] : whole.upwards;
}

// --- Steps ---

// The steps shown, in order, each with its points. Superseded points are stops only if nothing else
// is visible.
export function stopsOf(series, view) {
  const found = new Map();
  const drawn = shownSeries(series, view);
  for (const { points, kind } of drawn) {
    if (kind !== "loss" && kind !== "eval-loss" && drawn.length > 1) continue;
    for (const point of points) {
      if (isVisible(point, view)) found.set(point.step, [...(found.get(point.step) || []), point]);
    }
  }
  return [...found].sort(([one], [other]) => one - other);
}

export function nearest(stops, step) {
  let low = 0;
  let high = stops.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (stops[middle][0] < step) low = middle;
    else high = middle;
  }
  return high >= 0 && step - stops[low][0] > stops[high][0] - step ? high : low;
}

// The stop that a key moves to from stop `at` of `count`, or without a stop (null); null if the key
// does not move.
export function stopByKey(key, at, count) {
  const page = Math.max(1, Math.round(count / 10));
  const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -page, PageDown: page, Home: -count, End: count };
  const by = moves[key];
  if (!by || !count) return null;
  const from = at === null ? (by < 0 ? count : -1) : at;
  return Math.min(Math.max(from + by, 0), count - 1);
}

export function tooltipLines([step, points], { across, upwards }) {
  return [
    `step ${points[0].atStep ? step : `≈ ${approximate(step, across)}`}`,
    ...points.map(({ kind, value, exact }) =>
      `${KIND_NAMES[kind].toLowerCase()} ${exact ? value : `≈ ${approximate(value, upwards)}`}`),
  ];
}

// --- Zoom ---

// The range between two steps, clamped to the whole range; null if it is empty.
export function zoomRange(from, to, { across }) {
  const low = Math.max(from, across[0]);
  const high = Math.min(to, across[1]);
  if (!(low < high)) return null;
  return low <= across[0] && high >= across[1] ? across : [low, high];
}

export function rangeAround(middle, [low, high], factor) {
  const half = ((high - low) * factor) / 2;
  return [middle - half, middle + half];
}
