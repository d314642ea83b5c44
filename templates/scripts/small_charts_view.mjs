// The small charts below the loss chart show the steps that it shows.
import { parseNumbers } from "./points_model.mjs";
import { WIDTH } from "./plot_model.mjs";

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
