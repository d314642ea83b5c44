// The loss chart's SVG as points, from its paths' data or their coordinates. Values in, values out.
// A point is { kind, step, value, exact, atStep }; the last two are whether its value and its step
// are the logged ones.
import { HEIGHT, WIDTH, between } from "./plot_model.mjs";

export const parseNumbers = (text) => (text ? text.split(",").map(Number) : []);
export const stepAt = (whole, x) => between(whole.across, x / WIDTH);
export const valueAt = (whole, y) => between(whole.upwards, 1 - y / HEIGHT);

// A curve's steps and values, decoded from its path's data: whole steps as differences, and rounded
// values in parts of their range. Halves are used since the range can exceed a double's.
export function decoded({ steps, at, values, scale }) {
  let step = 0;
  const [base, part] = parseNumbers(scale);
  return {
    steps: at ? parseNumbers(at) : parseNumbers(steps).map((distance) => (step += distance)),
    values: parseNumbers(values).map((value) => (scale ? 2 * (base / 2 + value * (part / 2)) : value)),
    exact: !scale,
  };
}

// The unbroken parts of a curve. Without data, points are as exact as the drawn path.
export function partsOf(kind, d, { steps, values, exact }, whole) {
  let at = 0;
  return d.split("M").slice(1).map((part) => part.split("L").map((pair) => {
    const [x, y] = parseNumbers(pair);
    const known = at < steps.length;
    const point = {
      kind,
      step: known ? steps[at] : stepAt(whole, x),
      value: known ? values[at] : valueAt(whole, y),
      exact: known && exact,
      atStep: known,
    };
    at += 1;
    return point;
  }));
}
