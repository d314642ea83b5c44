// The smoothed curve: means over a width of steps, as in the page's own line. Values in, values
// out. A run is a list of { step, value } without a gap.
import { stepAt } from "./points_model.mjs";
import { WIDTH } from "./plot_model.mjs";

// A downsampled curve comes with the means of all its points in columns of equal width: "" for a
// column without points, "x" where losses that are not finite break the line.
export function meanRuns(means, whole) {
  const runs = [[]];
  means.split(",").forEach((mean, at, all) => {
    if (mean === "x") runs.push([]);
    else if (mean) runs.at(-1).push({ step: stepAt(whole, ((at + 0.5) / all.length) * WIDTH), value: Number(mean) });
  });
  return runs.filter((run) => run.length > 1);
}

// The number of steps that each mean covers; a fortieth of the range for a smoothing of one half.
export const windowOf = (smoothing, { across: [low, high] }) =>
  Number((0.1 * smoothing ** 2 * (high - low)).toPrecision(2));
export const windowText = (width) => (width ? `${width} steps` : "off");
export const smoothedText = (width) => `Smoothed over ${width} steps`;

// The mean around each point in each run; windows do not extend from one run into another.
export const smoothed = (runs, width) => runs.map((run) => {
  let start = 0;
  let end = 0;
  return run.map(({ step }) => {
    while (run[start].step < step - width / 2) start += 1;
    while (end < run.length && run[end].step <= step + width / 2) end += 1;
    const count = end - start;
    return { step, value: run.slice(start, end).reduce((sum, { value }) => sum + value / count, 0) };
  });
});
