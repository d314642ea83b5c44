// The small charts below the loss chart show the same steps at the same positions.
import { parseNumbers } from "./points_model.mjs";
import { WIDTH } from "./plot_model.mjs";

// Widens the charts' left margin to fit the axis's labels, which are measured.
export function roomIn(svg, panel) {
  const charts = [svg, ...panel.querySelectorAll(".small-chart")]
    .map((chart) => ({ chart, box: chart.getAttribute("viewBox").split(" ").map(Number) }));
  return () => {
    const widths = [...svg.querySelectorAll(".axes [text-anchor='end']")].map((label) => label.getBBox().width);
    for (const { chart, box: [left, top, width, height] } of charts) {
      const more = Math.ceil(Math.max(0, Math.max(...widths, 0) + 12 + charts[0].box[0]));
      chart.setAttribute("viewBox", `${left - more} ${top} ${width + more} ${height}`);
    }
  };
}

export function smallChartsView(panel) {
  const charts = [...panel.querySelectorAll(".small-chart")].map((svg) => {
    const frame = svg.querySelector(".trend-frame");
    const [, top, , height] = frame.getAttribute("viewBox").split(" ");
    return { frame, top, height, across: parseNumbers(svg.dataset.across) };
  });
  return ([low, high]) => {
    for (const { frame, top, height, across: [first, last] } of charts) {
      const place = (step) => (first < last ? ((step - first) / (last - first)) * WIDTH : 0);
      const width = first < last ? place(high) - place(low) : WIDTH;
      frame.setAttribute("viewBox", `${place(low)} ${top} ${width} ${height}`);
    }
  };
}
