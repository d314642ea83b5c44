// The controls below the loss chart. They write what the reader asks for into the view.
import { KIND_NAMES } from "./chart_model.mjs";
import { html, labelled, toolbox } from "./plot_view.mjs";

function button(word, act) {
  const made = html("button", { type: "button" }, word);
  made.addEventListener("click", act);
  return made;
}

export function chartTools(series, view, { draw, unzoom, save }) {
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
  const log = add("Log scale", { type: "checkbox" }, (input) => (view.log = input.checked));
  log.disabled = !series.some(({ points }) => points.some(({ value }) => value > 0));
  if (series.some(({ kind }) => kind === "loss")) {
    add("Smoothing", { type: "range", min: 0, max: 0.99, step: 0.01, value: 0 },
      (input) => (view.smoothing = Number(input.value)));
  }
  const back = button("Reset zoom", unzoom);
  tools.append(back, button("Download SVG", save));
  return { tools, back };
}
