// The smoothed curve on the page, over a faint one, and its sign in the legend.
import { smoothed, smoothedText, windowOf } from "./smoothing_model.mjs";
import { shape } from "./plot_view.mjs";

const FAINT = 0.35;

// The smoothing of the page's own line; 0 if it has none.
export const firstSmoothing = (svg) => (svg.querySelector(".loss-smooth") ? 0.5 : 0);

function pathIn(svg) {
  const made = shape("path", { class: "loss-smooth", fill: "none", "stroke-width": 2, "vector-effect": "non-scaling-stroke" });
  svg.querySelector(".curves").append(made);
  return made;
}

export function smoothingView(svg, { series, whole }) {
  const loss = series.find(({ kind }) => kind === "loss");
  const smooth = svg.querySelector(".loss-smooth") ?? (loss && pathIn(svg));
  const panel = svg.closest(".panel") ?? document;
  const signs = [...panel.querySelectorAll(".loss-smooth-sign")].map((sign) => sign.closest("g, li"));

  function name(window) {
    for (const sign of signs) {
      sign.toggleAttribute("hidden", !window);
      sign.setAttribute("display", window ? "inline" : "none"); // for the download, which has no style
      if (window) (sign.querySelector("text") ?? sign).lastChild.data = smoothedText(window);
    }
  }

  // `line` returns the path of points.
  return (view, line) => {
    if (!loss) return;
    const window = view.off.has("loss") ? 0 : windowOf(view.smoothing, whole);
    smooth.setAttribute("d", window ? smoothed(loss.runs, window).map(line).join("") : "");
    if (window) loss.node.setAttribute("stroke-opacity", FAINT);
    else loss.node.removeAttribute("stroke-opacity");
    name(window);
  };
}
