// The step at the pointer: the cursor, the tooltip, and the text for screen readers.
import { nearest, stopByKey, stopsOf, tooltipLines } from "./chart_model.mjs";
import { html } from "./plot_view.mjs";

// Shows and hides a stop; `say` makes screen readers read any other text.
export function chartTip(plot, drawing, whole) {
  const tip = html("div", { class: "tip", role: "tooltip" });
  const live = html("p", { class: "spoken", "aria-live": "polite" });
  plot.append(live);
  const say = (text) => (live.textContent = text);

  // To the right of the cursor in the left half of the chart, otherwise to its left.
  function place(step) {
    const box = plot.getBoundingClientRect();
    const [x, y] = drawing.inWindow(step);
    const left = x - box.left;
    const flipped = left > box.width / 2;
    tip.style.left = flipped ? "auto" : `${left + 10}px`;
    tip.style.right = flipped ? `${box.width - left + 10}px` : "auto";
    tip.style.top = `${y - box.top + 4}px`;
  }

  function show(stop, aloud) {
    const [step, points] = stop;
    const lines = tooltipLines(stop, whole);
    tip.replaceChildren(...lines.map((line, row) =>
      html(row ? "span" : "b", { class: row ? points[row - 1].kind : "" }, line)));
    live.before(tip);
    if (aloud) say(lines.join(", "));
    drawing.drawCursor(stop);
    place(step);
  }

  function hide() {
    tip.remove();
    drawing.hideCursor();
  }

  return { show, hide, say };
}

// Moves between the view's stops.
export function pointing(tip, series, view) {
  let stops = null;
  let at = null;

  // Computed on first use: a chart has thousands of points, and few charts are ever used.
  const all = () => (stops ||= stopsOf(series, view));

  function show(index, aloud) {
    at = index;
    tip.show(all()[index], aloud);
  }

  function hide() {
    at = null;
    tip.hide();
  }

  return {
    hide,
    forget() {
      stops = null;
      hide();
    },
    step: () => (at === null ? null : all()[at][0]),
    toNearest(step, aloud) {
      if (all().length) show(nearest(all(), step), aloud);
    },
    byKey(key) {
      const index = stopByKey(key, at, all().length);
      if (index !== null) show(index, true);
      return index !== null;
    },
  };
}
