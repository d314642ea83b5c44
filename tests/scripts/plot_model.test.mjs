import assert from "node:assert/strict";
import { test } from "node:test";
import {
  between, digits, linePath, logTicks, niceTicks, plain, plotAxes,
} from "../../templates/scripts/plot_model.mjs";

const STEPS = { across: [0, 400], upwards: [1, 3], log: false };

test("numbers are printed as short as their precision allows", () => {
  assert.deepEqual([1 / 3, 2, 0.005, -0.001].map(plain), ["0.33", "2", "0.01", "0"]);
  assert.deepEqual([1 / 3, 123456789, 1e-7, 0.1 + 0.2].map((value) => digits(value, 6)),
    ["0.333333", "123457000", "1e-7", "0.3"]);
});

test("ticks are round, at most twelve, and within the range", () => {
  assert.deepEqual(niceTicks([0, 400]), [0, 100, 200, 300, 400]);
  assert.deepEqual(niceTicks([0.1, 0.65]), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  assert.deepEqual(niceTicks([5, 5]), [5]);
  for (const [low, high] of [[-3, 11], [1e-9, 2e-9], [0.99, 1.01], [0, 1e12], [-1e6, -9e5]]) {
    const ticks = niceTicks([low, high]);
    assert.ok(ticks.length >= 2 && ticks.length <= 12, `${ticks}`);
    assert.ok(ticks.every((tick) => tick >= low && tick <= high), `${ticks}`);
  }
});

test("ticks of a logarithmic axis are 1, 2 and 5 times a power of ten", () => {
  assert.deepEqual(logTicks([0.1, 10]), [0.1, 0.2, 0.5, 1, 2, 5, 10]);
  assert.deepEqual(logTicks([1.1, 1.2]), niceTicks([1.1, 1.2]));
  assert.ok(logTicks([1e-30, 1e30]).length <= 10);
});

test("an axis runs from edge to edge, upwards for values", () => {
  const { x, y, xTicks, yTicks } = plotAxes(STEPS);
  assert.deepEqual([x(0), x(200), x(400)], [0, 320, 640]);
  assert.deepEqual([y(1), y(2), y(3)], [200, 100, 0]);
  assert.deepEqual(xTicks[1], { at: 160, label: "100" });
  assert.deepEqual(yTicks[0], { at: 200, label: "1" });
});

test("a logarithmic axis has equal ratios at equal distances", () => {
  const { y, yTicks } = plotAxes({ ...STEPS, upwards: [0.01, 1], log: true });
  assert.deepEqual(yTicks.map(({ label }) => label), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
  assert.deepEqual([0.01, 0.1, 1].map((value) => Math.round(y(value))), [200, 100, 0]);
});

test("a range of one value is drawn in the middle", () => {
  const { x, y } = plotAxes({ across: [7, 7], upwards: [2, 2], log: false });
  assert.deepEqual([x(7), y(2)], [320, 100]);
});

test("labels across may be written another way", () => {
  const { xTicks } = plotAxes(STEPS, (value) => `${value} s`);
  assert.equal(xTicks.at(-1).label, "400 s");
});

test("a line is interrupted where a place is missing", () => {
  assert.equal(linePath([[0, 0], [1.234, 5], null, null, [2, 2], [3, 3]]), "M0,0L1.23,5M2,2L3,3");
  assert.equal(linePath([null]), "");
});

test("a part of a range", () => {
  assert.equal(between([10, 20], 0.25), 12.5);
});
