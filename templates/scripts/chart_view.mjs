// The loss chart on the page: curves and marks are moved to their places in a view, and restored
// exactly when the view is the original one again.
import { KIND_NAMES, isDrawable, isVisible, valueRange } from "./chart_model.mjs";
import { spreadLabels } from "./label_model.mjs";
import { HEIGHT, WIDTH, linePath, plain, plotAxes, within } from "./plot_model.mjs";
import { axesIn, fill, shape } from "./plot_view.mjs";
import { roomIn, smallChartsView } from "./small_charts_view.mjs";
import { smoothingView } from "./smoothing_view.mjs";

// Sets attributes, and remembers the original ones.
function changes() {
  const first = new Map();
  return {
    put(node, name, value) {
      if (!first.has(node)) first.set(node, {});
      const kept = first.get(node);
      if (!(name in kept)) kept[name] = node.getAttribute(name);
      node.setAttribute(name, value);
    },
    putBack() {
      for (const [node, kept] of first) {
        for (const [name, value] of Object.entries(kept)) {
          if (value === null) node.removeAttribute(name);
          else node.setAttribute(name, value);
        }
      }
    },
  };
}

// Returns a function that moves all curves and marks onto the axes of a view.
function movable({ series, circles, labels, dots, fixed }, put) {
  function moveCircle({ node, ...point }, view, { x, y }) {
    const top = y(point.value);
    const visible = isVisible(point, view) && top >= -1 && top <= HEIGHT + 1;
    const label = node.nextElementSibling;
    for (const one of labels.includes(label) ? [node, label] : [node]) {
      put(one, "visibility", visible ? "visible" : "hidden");
    }
    if (!visible) return;
    put(node, "cx", plain(x(point.step)));
    put(node, "cy", plain(top));
  }

  return (view, axes, line) => {
    for (const { node, parts } of series) put(node, "d", parts.map(line).join(""));
    for (const circle of circles) moveCircle(circle, view, axes);
    for (const { node, places } of dots) {
      const drawn = places.filter((place) => isDrawable(place, view));
      put(node, "d", drawn.map((place) => `${line([place])}h0`).join(""));
    }
    for (const { node, x, step } of fixed) put(node, "transform", `translate(${plain(axes.x(step) - x)} 0)`);
    const beside = labels.map((label) => Number(label.previousElementSibling.getAttribute("cy")));
    spreadLabels(beside).forEach((at, index) => put(labels[index], "y", plain(at)));
  };
}

// A nested SVG clips anything that zooming moves out of the plot area.
function frameOf(svg, ...above) {
  const frame = shape("svg", { x: -6, y: -8, width: 652, height: 216, viewBox: "-6 -8 652 216" });
  const curves = svg.querySelector(".curves");
  curves.replaceWith(frame);
  frame.append(curves, ...above);
}

function switchOff(svg, off) {
  for (const kind of Object.keys(KIND_NAMES)) {
    const selector = `.curves .${kind}, .curves .${kind}-dot, .curves .${kind}-dots, .${kind}-extreme`;
    for (const node of svg.querySelectorAll(selector)) {
      node.setAttribute("display", off.has(kind) ? "none" : "inline");
    }
  }
}

export function chartView(svg, chart) {
  const { series, whole } = chart;
  const sign = (name, attributes) => shape("path", { class: name, "vector-effect": "non-scaling-stroke", ...attributes });
  const cursor = sign("cursor", { visibility: "hidden" });
  const band = shape("rect", { class: "band", height: HEIGHT, width: 0 });
  const smooth = smoothingView(svg, chart);
  const panel = svg.closest(".panel") ?? svg;
  const zoomSmall = smallChartsView(panel);
  const makeRoom = roomIn(svg, panel);
  frameOf(svg, band, cursor);
  const axesDrawn = axesIn(svg);
  const { put, putBack } = changes();
  const move = movable(chart, put);
  let axes;

  function draw(view) {
    const upwards = valueRange(series, view, whole);
    axes = plotAxes({ across: view.range, upwards, log: view.log });
    const { x, y } = axes;
    const line = (points) => linePath(points.map((point) => isDrawable(point, view) && [x(point.step), y(point.value)]));
    if (upwards === whole.upwards && view.range === whole.across) {
      putBack();
      axesDrawn.putBack();
    } else {
      axesDrawn.draw(axes);
      move(view, axes, line);
    }
    switchOff(svg, view.off);
    makeRoom();
    smooth(view, line);
    zoomSmall(view.range);
  }

  return {
    draw,
    drawBand: (from, to) => fill(band, { x: Math.min(from, to), width: Math.abs(to - from) }),
    hideBand: () => band.setAttribute("width", 0),
    drawCursor([step, points]) {
      const x = axes.x(step);
      const marks = points.map(({ value }) => `M${plain(x - 3)},${plain(within(axes.y(value)))}h6`);
      fill(cursor, { visibility: "visible", d: `M${plain(x)} 0V200${marks.join("")}` });
    },
    hideCursor: () => cursor.setAttribute("visibility", "hidden"),
    // The position in the window of a step at the top of the plot.
    inWindow(step) {
      const { a, e, f } = svg.getScreenCTM();
      return [a * axes.x(step) + e, f];
    },
    // The position on the plot, from 0 to its width, of an x in the window.
    onPlot(clientX) {
      const { a, e } = svg.getScreenCTM();
      return Math.min(Math.max((clientX - e) / a, 0), WIDTH);
    },
  };
}
