// The loss chart's controls, for mouse, touch and keyboard. The page has the same content without
// them, and the script creates them all, so that no dead controls are left if it does not run.
import { rangeAround, zoomRange } from "./chart_model.mjs";
import { download } from "./chart_download.mjs";
import { readChart } from "./chart_reader.mjs";
import { chartTip, pointing } from "./chart_tip.mjs";
import { chartTools } from "./chart_tools.mjs";
import { chartView } from "./chart_view.mjs";
import { WIDTH, between } from "./plot_model.mjs";
import { html } from "./plot_view.mjs";
import { firstSmoothing } from "./smoothing_view.mjs";

const LEAST_DRAG = 6;

const surfaceOf = () => html("div", {
  class: "surface", tabindex: 0, role: "application", "aria-roledescription": "chart",
  "aria-label": "Loss curve. Left and right arrow keys move between steps, plus and minus zoom, Escape resets the zoom.",
});

// Dragging selects a band and zooms into it; pointing shows the nearest step.
function dragging(surface, drawing, pointed, stepAt, zoom) {
  let start = null;
  const onPlot = (event) => drawing.onPlot(event.clientX);

  function cancel() {
    start = null;
    drawing.hideBand();
  }

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = onPlot(event);
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    const here = onPlot(event);
    if (start !== null) drawing.drawBand(start, here);
    pointed.toNearest(stepAt(here), false);
  });
  surface.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [low, high] = [start, onPlot(event)].sort((one, other) => one - other);
    cancel();
    if (high - low > LEAST_DRAG) zoom(stepAt(low), stepAt(high));
  });
  surface.addEventListener("pointercancel", cancel);
  surface.addEventListener("pointerleave", () => start === null && pointed.hide());
  return { isDragging: () => start !== null, cancel };
}

function listenToKeys(surface, pointed, zoomBy, escape) {
  surface.addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "+" || key === "=") zoomBy(0.5);
    else if (key === "-") zoomBy(2);
    else if (key === "Escape") escape();
    else if (!pointed.byKey(key)) return;
    event.preventDefault();
  });
}

function enhancePlot(plot) {
  const svg = plot.querySelector("svg.loss-chart");
  const chart = readChart(svg);
  const { whole, series } = chart;
  if (!series.length) return;
  const view = { range: whole.across, log: false, smoothing: firstSmoothing(svg), inliers: false, off: new Set() };
  const isZoomed = () => view.range !== whole.across;
  const stepAt = (x) => between(view.range, x / WIDTH);

  function draw() {
    drawing.draw(view);
    back.hidden = !isZoomed();
    pointed.forget();
  }

  function zoom(from, to) {
    const range = zoomRange(from, to, whole);
    if (!range) return;
    view.range = range;
    draw();
  }

  function zoomBy(factor) {
    const middle = pointed.step() ?? stepAt(WIDTH / 2);
    zoom(...rangeAround(middle, view.range, factor));
    pointed.toNearest(middle, true);
  }

  function unzoom() {
    const focused = document.activeElement === back;
    view.range = whole.across;
    draw();
    if (focused) surface.focus();
    tip.say("whole curve");
  }

  function escape() {
    if (drag.isDragging()) drag.cancel();
    else if (isZoomed()) unzoom();
    else pointed.hide();
  }

  function save() {
    pointed.hide();
    download(plot, svg);
  }

  const surface = surfaceOf();
  plot.append(surface);
  const drawing = chartView(svg, chart);
  const tip = chartTip(plot, drawing, whole);
  const pointed = pointing(tip, series, view);
  const drag = dragging(surface, drawing, pointed, stepAt, zoom);
  surface.addEventListener("dblclick", unzoom);
  surface.addEventListener("blur", pointed.hide);
  listenToKeys(surface, pointed, zoomBy, escape);
  const { tools, back } = chartTools(plot, chart, view, { draw, unzoom, save });
  plot.after(tools);
  draw();
}

const plots = [...document.querySelectorAll(".plot")];
if (plots.length === 1) enhancePlot(plots[0]);
else {
  // If a file has many charts, each gets its controls when it scrolls into view.
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      enhancePlot(target);
    }
  });
  plots.forEach((plot) => watch.observe(plot));
}
