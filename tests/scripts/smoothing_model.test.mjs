import assert from "node:assert/strict";
import { test } from "node:test";
import { meanRuns, smoothed, smoothedText, windowOf, windowText } from "../../templates/scripts/smoothing_model.mjs";

const WHOLE = { across: [0, 640], upwards: [0, 2] };
const run = (...pairs) => pairs.map(([step, value]) => ({ step, value }));

test("means are in the middle of their columns, an empty column is no gap, and an x is one", () => {
  assert.deepEqual(meanRuns("1,,0,3,x,5,6,x", { across: [0, 800], upwards: [0, 1] }),
    [run([50, 1], [250, 0], [350, 3]), run([550, 5], [650, 6])]);
  assert.deepEqual(meanRuns("1,x,2", WHOLE), []);
});

test("each point is the mean of those at most half a window away", () => {
  assert.deepEqual(smoothed([run([0, 1], [1, 2], [2, 6], [9, 4])], 2), [run([0, 1.5], [1, 3], [2, 4], [9, 4])]);
});

test("no window reaches across a gap", () => {
  const runs = [run([0, 1], [1, 1]), run([3, 9], [4, 9])];
  assert.deepEqual(smoothed(runs, 100), runs);
});

test("values at the end of a double's range have a mean", () => {
  assert.deepEqual(smoothed([run([0, 1.7e308], [1, 1.7e308])], 4)[0].map(({ value }) => value), [1.7e308, 1.7e308]);
});

test("the window is a fortieth of the range for half the smoothing, and told in steps", () => {
  const windows = [0, 0.5, 0.99].map((smoothing) => windowOf(smoothing, WHOLE));
  assert.deepEqual(windows, [0, 16, 63]);
  assert.deepEqual(windows.map(windowText), ["off", "16 steps", "63 steps"]);
  assert.equal(smoothedText(16), "Smoothed over 16 steps");
});
