// What the scripts of both charts use: elements, numbers, scales and labelled axes.
"use strict";
const Plot = (() => {
  const WIDTH = 640;
  const HEIGHT = 200;

  const fill = (element, attributes, text) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const html = (name, attributes, text) => fill(document.createElement(name), attributes, text);
  const shape = (name, attributes, text) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, text);
  const plain = (number) => String(Number(number.toFixed(2)));
  const digits = (number, count) => String(Number(number.toPrecision(count)));
  const extent = (values) => values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const time = (seconds) => {
    const sign = seconds < 0 ? "-" : "";
    const whole = Math.round(Math.abs(seconds));
    if (whole < 60) return `${sign}${digits(Math.abs(seconds), 3)} s`;
    if (whole < 3600) return `${sign}${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
    return `${sign}${Math.floor(whole / 3600)} h${whole % 3600 ? ` ${Math.round((whole % 3600) / 60)} min` : ""}`;
  };

  const scale = ([low, high], length) => (value) =>
    low === high ? length / 2 : ((value - low) / (high - low)) * length;


  const niceTicks = ([low, high]) => {
    if (low === high) return [low];
    const rough = (high - low) / 7;
    const power = 10 ** Math.floor(Math.log10(rough));
    const apart = power * [1, 2, 5, 10].find((step) => step * power >= rough * 0.999);
    const found = [];
    for (let at = Math.ceil(low / apart); at * apart <= high && found.length < 12; at += 1) {
      found.push(Number((at * apart).toPrecision(12)));
    }
    return found;
  };
  const logTicks = ([low, high]) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      found.push(...[1, 2, 5].map((step) => Number(`${step}e${power}`)));
    }
    const inside = found.filter((value) => value >= low && value <= high);
    const thin = Math.ceil(inside.length / 10);
    return inside.length < 2 ? niceTicks([low, high]) : inside.filter((_, at) => at % thin === 0);
  };

  // The axes of a chart, drawn anew after the signs that are there.
  const axes = (svg) => {
    const group = svg.querySelector(".axes");
    const first = [...group.childNodes];
    const grid = group.querySelector(".grid");
    const tick = group.querySelector(".tick");
    const [gridText, tickText] = [grid, tick].map((sign) => sign.nextElementSibling);

    // Gives where a value on either axis lies now.
    const draw = ({ across, upwards, log }, label = (value) => digits(value, 9)) => {
      const x = scale(across, WIDTH);
      const rise = log ? scale(upwards.map(Math.log), HEIGHT) : scale(upwards, HEIGHT);
      const y = (value) => HEIGHT - rise(log ? Math.log(value) : value);
      const nodes = [];
      const add = (sample, attributes, text) => nodes.push(fill(sample.cloneNode(), attributes, text));
      for (const value of log ? logTicks(upwards) : niceTicks(upwards)) {
        const at = plain(y(value));
        add(grid, { d: `M0 ${at}L640 ${at}` });
        add(gridText, { y: at }, digits(value, 6));
      }
      for (const value of niceTicks(across)) {
        const at = plain(x(value));
        add(tick, { d: `M${at} 200L${at} 204` });
        add(tickText, { x: at }, label(value));
      }
      group.replaceChildren(...nodes);
      return { x, y };
    };
    return { draw, putBack: () => group.replaceChildren(...first) };
  };

  return { WIDTH, HEIGHT, fill, html, shape, plain, digits, extent, time, scale, axes };
})();
