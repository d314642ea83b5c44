// The download of the loss chart: a copy that needs neither the page's style sheet nor its data.
// Its text has the usual size, which the margins have room for, however narrow the page is.
import { fill, html, shape } from "./plot_view.mjs";

const LOOK = ["fill", "stroke", "stroke-width", "fill-opacity", "stroke-opacity", "opacity"];

function standalone(svg, ground) {
  const copy = svg.cloneNode(true);
  const copies = [copy, ...copy.querySelectorAll("*")];
  [svg, ...svg.querySelectorAll("*")].forEach((node, index) => {
    const look = getComputedStyle(node);
    if (node !== svg) for (const name of LOOK) copies[index].setAttribute(name, look.getPropertyValue(name));
    for (const name of Object.keys(node.dataset)) delete copies[index].dataset[name];
  });
  const [left, top, width, height] = svg.getAttribute("viewBox").split(" ");
  copy.prepend(shape("rect", { x: left, y: top, width, height, fill: ground }));
  return fill(copy, { width, height });
}

export function download(plot, svg) {
  const ground = getComputedStyle(plot.closest(".panel") || document.body).backgroundColor;
  const text = new XMLSerializer().serializeToString(standalone(svg, ground));
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  html("a", { href: address, download: `${plot.dataset.name}.svg` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
