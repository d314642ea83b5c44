// What both charts compute: scales, ticks, lines, and numbers as text. Values in, values out.
export const WIDTH = 640;
export const HEIGHT = 200;
const TICKS = 7;

export const plain = (number) => String(Number(number.toFixed(2)));
export const digits = (number, count) => String(Number(number.toPrecision(count)));

export const between = ([low, high], part) => low + (high - low) * part;
const scale = ([low, high], length) => (value) =>
  low === high ? length / 2 : ((value - low) / (high - low)) * length;

export function niceTicks([low, high]) {
  if (low === high) return [low];
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = power * [1, 2, 5, 10].find((step) => step * power >= rough * 0.999);
  const ticks = [];
  for (let at = Math.ceil(low / apart); at * apart <= high && ticks.length < 12; at += 1) {
    ticks.push(Number((at * apart).toPrecision(12)));
  }
  return ticks;
}

export function logTicks([low, high]) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    ticks.push(...[1, 2, 5].map((step) => Number(`${step}e${power}`)));
  }
  const inside = ticks.filter((value) => value >= low && value <= high);
  const thin = Math.ceil(inside.length / 10);
  return inside.length < 2 ? niceTicks([low, high]) : inside.filter((_, at) => at % thin === 0);
}

// `x` and `y` return the place of a value on its axis; a tick is its place and its label.
export function plotAxes({ across, upwards, log }, label = (value) => digits(value, 9)) {
  const x = scale(across, WIDTH);
  const rise = scale(log ? upwards.map(Math.log) : upwards, HEIGHT);
  const y = (value) => HEIGHT - rise(log ? Math.log(value) : value);
  return {
    x,
    y,
    xTicks: niceTicks(across).map((value) => ({ at: x(value), label: label(value) })),
    yTicks: (log ? logTicks : niceTicks)(upwards).map((value) => ({ at: y(value), label: digits(value, 6) })),
  };
}

// The `d` of a line through places, with a gap wherever one is missing.
export function linePath(places) {
  let d = "";
  let pen = "M";
  for (const place of places) {
    if (place) d += `${pen}${plain(place[0])},${plain(place[1])}`;
    pen = place ? "L" : "M";
  }
  return d;
}
