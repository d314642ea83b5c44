// What the loss chart computes: points, the ranges shown, the nearest step, the smoothed curve, the
// tooltip's text. Values in, values out.
//
// A point is { kind, step, value, exact }; a series is { kind, points }. `whole` holds the ranges
// that the page came with. A view is what the reader asked for: { range, log, smoothing, off }, with
// `range` in steps (`whole.across` itself without zoom) and `off` the kinds that are switched off.
import { HEIGHT, WIDTH, between, digits } from "./plot_model.mjs";

export const KIND_NAMES = { loss: "Training loss", "eval-loss": "Eval loss", superseded: "Superseded" };

// --- Points ---

export const parseNumbers = (text) => (text ? text.split(",").map(Number) : []);
export const stepAt = (whole, x) => between(whole.across, x / WIDTH);
export const valueAt = (whole, y) => between(whole.upwards, 1 - y / HEIGHT);

// The unbroken parts of a curve. `steps` (each the difference from the one before) and `values` are
// exact; without them, points are as exact as the drawn path.
export function partsOf(kind, { d, steps, values }, whole) {
  let at = 0;
  let step = 0;
  return d.split("M").slice(1).map((part) => part.split("L").map((pair) => {
    const [x, y] = parseNumbers(pair);
    const exact = at < steps.length;
    step = exact ? step + steps[at] : stepAt(whole, x);
    const value = exact ? values[at] : valueAt(whole, y);
    at += 1;
    return { kind, step, value, exact };
  }));
}

// A downsampled curve comes with the means of all its points in columns of equal width; the text of
// a column without a point is empty.
export const meanPoints = (means, whole) => means.split(",")
  .map((mean, at, all) => ({ step: stepAt(whole, ((at + 0.5) / all.length) * WIDTH), mean }))
  .filter(({ mean }) => mean !== "")
  .map(({ step, mean }) => ({ step, value: Number(mean) }));

// --- What is shown ---

const shownSeries = (series, { off }) => series.filter(({ kind }) => !off.has(kind));
export const isDrawable = ({ value }, { log }) => !log || value > 0;
export const isVisible = (point, view) =>
  point.step >= view.range[0] && point.step <= view.range[1] && isDrawable(point, view);

// The range of values shown: `whole.upwards` itself unless the view is zoomed, logarithmic or has
// kinds switched off.
export function valueRange(series, view, whole) {
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

// An exponential moving average, without the usual bias towards zero at its start.
export function smoothed(points, factor) {
  let sum = 0;
  let weight = 0;
  return points.map(({ step, value }) => {
    sum = factor * sum + (1 - factor) * value;
    weight = factor * weight + (1 - factor);
    return { step, value: sum / weight };
  });
}

// --- Steps ---

// The steps shown, in order, each with its points. Superseded points are stops only if nothing else
// is shown.
export function stopsOf(series, view) {
  const found = new Map();
  const drawn = shownSeries(series, view);
  for (const { points, kind } of drawn) {
    if (kind === "superseded" && drawn.length > 1) continue;
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

// The stop that a key leads to from stop `at` of `count`, or from none (null); null if it leads
// nowhere.
export function stopByKey(key, at, count) {
  const page = Math.max(1, Math.round(count / 10));
  const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -page, PageDown: page, Home: -count, End: count };
  const by = moves[key];
  if (!by || !count) return null;
  const from = at === null ? (by < 0 ? count : -1) : at;
  return Math.min(Math.max(from + by, 0), count - 1);
}

export function tooltipLines([step, points]) {
  return [
    `step ${points[0].exact ? step : `≈ ${digits(step, 5)}`}`,
    ...points.map(({ kind, value, exact }) => `${KIND_NAMES[kind].toLowerCase()} ${digits(value, exact ? 6 : 4)}`),
  ];
}

// --- Zoom ---

// The range from one step to another, clamped to the whole; null if it is empty.
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
