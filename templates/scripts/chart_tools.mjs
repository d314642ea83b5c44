// The controls of the loss chart: below it, but for the offer to leave out outliers, which stands out
// above a curve that they flatten. They write the reader's choices to the view.
import { KIND_NAMES, inliersOf } from "./chart_model.mjs";
import { html, labelled, toolbox } from "./plot_view.mjs";
import { windowOf, windowText } from "./smoothing_model.mjs";

function button(word, act) {
  const made = html("button", { type: "button" }, word);
  made.addEventListener("click", act);
  return made;
}

export function chartTools(plot, { series, whole }, view, { draw, unzoom, save }) {
  const tools = toolbox();
  const add = (word, attributes, change) => labelled(tools, word, attributes, (input) => {
    change(input);
    draw();
  });
  if (series.length > 1) {
    for (const { kind } of series) {
      add(KIND_NAMES[kind], { type: "checkbox" }, (input) => {
        if (input.checked) view.off.delete(kind);
        else view.off.add(kind);
      }).checked = true;
    }
  }
  const isPositive = series.some(({ points }) => points.some(({ value }) => value > 0));
  add(isPositive ? "Log scale" : "Log scale (no value is above zero)", { type: "checkbox" }, (input) => (view.log = input.checked))
    .disabled = !isPositive;
  const { values, range } = inliersOf(series, view);
  if (range) {
    const outside = values.filter((value) => value < range[0] || value > range[1]).length;
    const offer = add(`Without outliers (${outside} of ${values.length} points)`, { type: "checkbox" },
      (input) => (view.inliers = input.checked)).parentElement;
    offer.className = "button offer";
    plot.before(offer);
  }
  if (series.some(({ kind, runs }) => kind === "loss" && runs.length)) {
    const said = html("output", {}, windowText(windowOf(view.smoothing, whole)));
    add("Smoothing", { type: "range", min: 0, max: 0.99, step: 0.01, value: view.smoothing }, (input) => {
      view.smoothing = Number(input.value);
      said.textContent = windowText(windowOf(view.smoothing, whole));
    }).parentElement.after(said);
  }
  const back = button("Reset zoom", unzoom);
  tools.append(back, button("Download SVG", save));
  return { tools, back };
}
