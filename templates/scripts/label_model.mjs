// Labels beside the plot: spread apart, with room for the longest.
import { HEIGHT } from "./plot_model.mjs";

const LABEL_HEIGHT = 12;

// The heights of labels beside the plot, spread apart but kept within it.
export function spreadLabels(places) {
  const rows = places.map((at, index) => ({ at, index })).sort((one, other) => one.at - other.at);
  let least = 0;
  for (const row of rows) {
    row.at = Math.max(row.at, least);
    least = row.at + LABEL_HEIGHT;
  }
  let most = HEIGHT;
  for (const row of rows.reverse()) {
    row.at = Math.min(row.at, most);
    most = row.at - LABEL_HEIGHT;
  }
  return rows.sort((one, other) => one.index - other.index).map(({ at }) => at);
}

// The width left of the plot needed by the longest label of its axis, including on narrow screens,
// where text is larger.
export const leftMargin = (ticks) => Math.max(56, 12 + 12.5 * Math.max(...ticks.map(({ label }) => label.length)));
