// The values at the pointer, or at the point selected with the arrow keys.
import { tooltipOf } from "./compare_model.mjs";
import { HEIGHT, WIDTH, between, plain } from "./plot_model.mjs";
import { fill, html, shape } from "./plot_view.mjs";

const curvesSurface = () => html("div", {
  class: "surface", tabindex: 0, role: "application", "aria-roledescription": "chart",
  "aria-label": "Loss curves. Left and right arrow keys move between points, Escape hides the values.",
});

// The place that a key moves to among `count`, from `at` (may be null); null if it does not move.
function placeByKey(key, at, count) {
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -count, End: count }[key];
  if (!by || !count) return null;
  const from = at ?? (by < 0 ? count : -1);
  return Math.min(Math.max(from + by, 0), count - 1);
}

function rowOf({ name, row, value }) {
  const line = html("span", {});
  const sign = row.querySelector("svg").cloneNode(true);
  line.append(sign, html("bdi", {}, name), " ", html("b", {}, value));
  return line;
}

// `drawn` returns the current drawing: { curves, state, plot, across, upwards }, or null.
export function compareTip(box, svg, drawn) {
  const surface = curvesSurface();
  const tip = html("div", { class: "tip", role: "tooltip" });
  const live = html("p", { class: "spoken", "aria-live": "polite" });
  const cursor = shape("path", { class: "cursor", d: `M0 0V${HEIGHT}`, visibility: "hidden" });
  let at = null;
  svg.append(cursor);
  box.append(surface, live);

  function hide() {
    at = null;
    tip.remove();
    fill(cursor, { visibility: "hidden" });
  }

  function show(x, aloud) {
    const { curves, state, plot, across, upwards } = drawn();
    const found = tooltipOf(curves, x, state, across, upwards);
    if (!found) return hide();
    fill(cursor, { visibility: "visible", transform: `translate(${plain(plot.x(found.x))} 0)` });
    tip.replaceChildren(html("b", {}, found.head), ...found.rows.map(rowOf));
    if (found.means) tip.append(html("small", {}, "≈ mean of a column"));
    live.before(tip);
    if (aloud) live.textContent = [found.head, ...found.rows.map(({ name, value }) => `${name} ${value}`)].join(", ");
    const { a, e } = svg.getScreenCTM();
    const { left, width } = box.getBoundingClientRect();
    const place = a * plot.x(found.x) + e - left;
    const flipped = place > width / 2;
    tip.style.left = flipped ? "auto" : `${place + 12}px`;
    tip.style.right = flipped ? `${width - place + 12}px` : "auto";
  }

  function point({ clientX }) {
    const { a, e } = svg.getScreenCTM();
    if (drawn()) show(between(drawn().across, Math.min(Math.max((clientX - e) / a / WIDTH, 0), 1)), false);
  }

  surface.addEventListener("pointerdown", point);
  surface.addEventListener("pointermove", point);
  surface.addEventListener("pointerleave", hide);
  surface.addEventListener("blur", hide);
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [low, high] = drawn()?.across ?? [1, 0];
    const places = [...new Set((drawn()?.curves ?? []).flatMap(({ points }) => points.map(([x]) => x)))]
      .filter((x) => x >= low && x <= high).sort((one, other) => one - other);
    const next = placeByKey(event.key, at, places.length);
    if (event.key === "Escape") hide();
    else if (next === null) return;
    else {
      show(places[next], true);
      at = next;
    }
    event.preventDefault();
  });
  return { hide };
}
