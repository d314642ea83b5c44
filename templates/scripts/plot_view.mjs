// Parts used by both charts: elements, axes and labelled controls.
import { plain } from "./plot_model.mjs";

export function fill(element, attributes, text) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
export const html = (name, attributes, text) => fill(document.createElement(name), attributes, text);
export const shape = (name, attributes, text) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, text);

// Axes are drawn with copies of the page's original ticks.
export function axesIn(svg) {
  const group = svg.querySelector(".axes");
  const first = [...group.childNodes];
  const grid = group.querySelector(".grid");
  const tick = group.querySelector(".tick");
  const [gridText, tickText] = [grid, tick].map((sign) => sign.nextElementSibling);
  const copy = (sample, attributes, text) => fill(sample.cloneNode(), attributes, text);
  const row = (at, label) => [copy(grid, { d: `M0 ${at}L640 ${at}` }), copy(gridText, { y: at }, label)];
  const column = (at, label) => [copy(tick, { d: `M${at} 200L${at} 204` }), copy(tickText, { x: at }, label)];
  return {
    draw({ xTicks, yTicks }) {
      const rows = yTicks.flatMap(({ at, label }) => row(plain(at), label));
      const columns = xTicks.flatMap(({ at, label }) => column(plain(at), label));
      group.replaceChildren(...rows, ...columns);
    },
    putBack: () => group.replaceChildren(...first),
  };
}

export const toolbox = () => html("div", { class: "tools", role: "group", "aria-label": "Chart" });

export function labelled(tools, word, attributes, change) {
  const label = html("label", {});
  const input = html("input", attributes);
  input.addEventListener("input", () => change(input));
  label.append(...(attributes.type === "range" ? [`${word} `, input] : [input, ` ${word}`]));
  tools.append(label);
  return input;
}
