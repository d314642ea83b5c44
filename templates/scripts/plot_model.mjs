// Computations for all charts: scales, ticks, lines, and numbers as text. Values in, values out.
//
// A range is [low, high]; a tick is { value, label }.
export const WIDTH = 640;
export const HEIGHT = 200;
const TICKS = 7;
const X_LABEL = 10;
const X_LETTER = 13;
const Y_LABEL = 7;
const ROUND_SECONDS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => 60 * minutes),
  ...[1, 2, 3, 6, 12].map((hours) => 3600 * hours),
];

export const plain = (number) => String(Number(number.toFixed(2)));
export const digits = (number, count) => String(Number(number.toPrecision(count)));

// Rounds a value to enough digits to show a thousandth of the range, but at least to four.
export function approximate(value, [low, high]) {
  const most = Math.max(Math.abs(low), Math.abs(high));
  const lost = high > low ? Math.ceil(Math.log10(most) - Math.log10(high / 2 - low / 2) - Math.log10(2)) : 0;
  return digits(value, Math.min(Math.max(4, 4 + lost), 17));
}

export const between = ([low, high], part) => low * (1 - part) + high * part;

// Halves are used since the difference of two doubles can exceed a double's range.
const scale = ([low, high], length) => (value) =>
  low === high ? length / 2 : ((value / 2 - low / 2) / (high / 2 - low / 2)) * length;

// --- Ticks ---

// Values are computed from whole numbers, so that 3 × 0.1 is 0.3, also in the label.
const scaled = (whole, exponent) => Number(`${whole}e${exponent}`);

function withExponent(whole, exponent) {
  const [mantissa, power] = whole.toExponential().split("e");
  return whole ? `${mantissa}e${Number(power) + exponent}` : "0";
}

const longest = (labels) => Math.max(...labels.map((label) => label.length));

// An axis's labels have the same format: "2.5" and "2.0" or, if that is too long, "1.5e-7".
function labelsOf(wholes, exponent, room) {
  const fixed = wholes.map((whole) => scaled(whole, exponent).toFixed(Math.min(Math.max(-exponent, 0), 100)));
  if (longest(fixed) <= room) return fixed;
  const short = wholes.map((whole) => withExponent(whole, exponent));
  return longest(short) < longest(fixed) ? short : fixed;
}

// Two to eight round values within a range; its ends if they are too close for round values.
export function niceTicks([low, high], room = X_LABEL) {
  if (low === high) return [{ value: low, label: String(low) }];
  const rough = high / TICKS - low / TICKS;
  if (rough < 2 ** -46 * Math.max(Math.abs(low), Math.abs(high))) {
    return [low, high].map((value) => ({ value, label: String(value) }));
  }
  let exponent = Math.floor(Math.log10(rough));
  let factor = [1, 2, 5, 10].find((one) => scaled(one, exponent) >= rough * 0.999);
  if (factor === 10) [factor, exponent] = [1, exponent + 1];
  const apart = scaled(factor, exponent);
  const wholes = [];
  for (let at = Math.floor(low / apart); at <= Math.ceil(high / apart); at += 1) {
    const value = scaled(at * factor, exponent);
    if (value >= low && value <= high) wholes.push(at * factor);
  }
  const labels = labelsOf(wholes, exponent, room);
  return wholes.map((whole, at) => ({ value: scaled(whole, exponent), label: labels[at] }));
}

export function logTicks([low, high], room = Y_LABEL) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of [1, 2, 5]) {
      const value = scaled(factor, power);
      const label = String(value).length > room ? withExponent(factor, power) : String(value);
      if (value >= low && value <= high) ticks.push({ value, label });
    }
  }
  const thin = Math.ceil(ticks.length / 10);
  return ticks.length < 2 ? niceTicks([low, high], room) : ticks.filter((_, at) => at % thin === 0);
}

// A time in seconds, in its two largest units.
export function duration(seconds) {
  const sign = seconds < 0 ? "-" : "";
  const [whole, minutes, hours] = [1, 60, 3600].map((unit) => Math.round(Math.abs(seconds) / unit));
  const two = (count, of, large, small) =>
    `${sign}${Math.floor(count / of)} ${large}${count % of ? ` ${count % of} ${small}` : ""}`;
  if (whole < 60) return `${sign}${digits(Math.abs(seconds), 3)} s`;
  if (whole < 3600) return two(whole, 60, "min", "s");
  if (minutes < 2880) return two(minutes, 60, "h", "min");
  return two(hours, 24, "d", "h");
}

// Times in seconds at whole seconds, minutes, hours or days.
export function timeTicks([low, high]) {
  const rough = high / TICKS - low / TICKS;
  if (rough < 0.5) return niceTicks([low, high]).map(({ value, label }) => ({ value, label: `${label} s` }));
  const apart = ROUND_SECONDS.find((step) => step >= rough) ?? 86400 * Math.ceil(rough / 86400);
  const ticks = [];
  for (let value = Math.ceil(low / apart) * apart; value <= high; value += apart) {
    ticks.push({ value, label: duration(value) });
  }
  return ticks;
}

// Labels must not touch, even at their largest size, on a narrow screen.
const apart = (ticks) =>
  ticks.length * longest(ticks.map(({ label }) => label)) * X_LETTER > WIDTH ? ticks.filter((_, at) => at % 2 === 0) : ticks;

// `x` and `y` return a value's position on its axis; `at` is a tick's position.
export function plotAxes({ across, upwards, log }, xTicks = niceTicks) {
  const x = scale(across, WIDTH);
  const rise = scale(log ? upwards.map(Math.log) : upwards, HEIGHT);
  const y = (value) => HEIGHT - rise(log ? Math.log(value) : value);
  return {
    x,
    y,
    xTicks: apart(xTicks(across)).map(({ value, label }) => ({ at: x(value), label })),
    yTicks: (log ? logTicks : niceTicks)(upwards, Y_LABEL).map(({ value, label }) => ({ at: y(value), label })),
  };
}

// Renderers fail on coordinates far beyond the plot, where a spike can reach in a zoomed view.
export const within = (place) => Math.min(Math.max(place, -1e5), 1e5);

// The `d` of a line through points, with a gap wherever one is missing.
export function linePath(places) {
  let d = "";
  let pen = "M";
  for (const place of places) {
    if (place) d += `${pen}${plain(within(place[0]))},${plain(within(place[1]))}`;
    pen = place ? "L" : "M";
  }
  return d;
}
