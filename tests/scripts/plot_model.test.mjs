import assert from "node:assert/strict";
import { test } from "node:test";
import {
  approximate, between, digits, duration, linePath, logTicks, niceTicks, plain, plotAxes, timeTicks,
} from "../../templates/scripts/plot_model.mjs";

const STEPS = { across: [0, 400], upwards: [1, 3], log: false };
const values = (ticks) => ticks.map(({ value }) => value);
const labels = (ticks) => ticks.map(({ label }) => label);

test("numbers are printed as short as their precision allows", () => {
  assert.deepEqual([1 / 3, 2, 0.005, -0.001].map(plain), ["0.33", "2", "0.01", "0"]);
  assert.deepEqual([1 / 3, 123456789, 1e-7, 0.1 + 0.2].map((value) => digits(value, 6)),
    ["0.333333", "123457000", "1e-7", "0.3"]);
});

test("an approximate number has as many digits as its range needs", () => {
  assert.equal(approximate(1.23456789, [0, 3]), "1.235");
  assert.equal(approximate(0.693147184321, [0.69314718, 0.69314719]), "0.693147184321");
  assert.notEqual(approximate(0.69314718, [0.69314718, 0.6931472]), approximate(0.69314719, [0.69314718, 0.6931472]));
  assert.equal(approximate(12345678901.4, [12345678000, 12345679000]), "12345678901.4");
  assert.equal(approximate(5, [5, 5]), "5");
  assert.equal(approximate(1e308, [-1e308, 1.5e308]), "1e+308");
});

// --- Ticks ---

test("ticks are round, at most twelve, and within the range", () => {
  assert.deepEqual(values(niceTicks([0, 400])), [0, 100, 200, 300, 400]);
  assert.deepEqual(values(niceTicks([0.1, 0.65])), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  assert.deepEqual(values(niceTicks([5, 5])), [5]);
  for (const [low, high] of [[-3, 11], [1e-9, 2e-9], [0.99, 1.01], [0, 1e12], [-1e6, -9e5], [-1e308, 1.5e308], [5e-324, 1e-320]]) {
    const ticks = values(niceTicks([low, high]));
    assert.ok(ticks.length >= 2 && ticks.length <= 12, `${ticks}`);
    assert.ok(ticks.every((tick) => tick >= low && tick <= high), `${ticks}`);
  }
});

test("a tick at the end of the range is not lost", () => {
  assert.deepEqual(values(niceTicks([0.1, 0.7])), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  for (const end of [0.3, 0.6, 0.7, 1.4]) assert.equal(values(niceTicks([0, end])).at(-1), end);
});

test("labels of an axis are written alike, and differ", () => {
  assert.deepEqual(labels(niceTicks([1, 3], 7)), ["1.0", "1.5", "2.0", "2.5", "3.0"]);
  assert.deepEqual(labels(niceTicks([0.69314718, 0.6931472], 7)), ["0.693147180", "0.693147185", "0.693147190", "0.693147195", "0.693147200"]);
  assert.deepEqual(labels(niceTicks([12345678901, 12345678905])),
    ["12345678901", "12345678902", "12345678903", "12345678904", "12345678905"]);
  assert.deepEqual(labels(niceTicks([0, 5e-9], 7)), ["0", "1e-9", "2e-9", "3e-9", "4e-9", "5e-9"]);
  assert.deepEqual(labels(niceTicks([0, 1.6e12])), ["0", "5e11", "1e12", "1.5e12"]);
  assert.deepEqual(labels(niceTicks([1, 1 + 2 ** -50])), ["1", "1.0000000000000009"]);
});

test("ticks of a logarithmic axis are 1, 2 and 5 times a power of ten", () => {
  assert.deepEqual(values(logTicks([0.1, 10])), [0.1, 0.2, 0.5, 1, 2, 5, 10]);
  assert.deepEqual(logTicks([1.1, 1.2]), niceTicks([1.1, 1.2], 7));
  assert.ok(logTicks([1e-30, 1e30]).length <= 10);
  assert.deepEqual(labels(logTicks([1e-9, 1e-8])), ["1e-9", "2e-9", "5e-9", "1e-8"]);
});

test("times tick at whole seconds, minutes, hours and days", () => {
  assert.deepEqual(labels(timeTicks([0, 40])), ["0 s", "10 s", "20 s", "30 s", "40 s"]);
  assert.deepEqual(labels(timeTicks([2, 299])), ["1 min", "2 min", "3 min", "4 min"]);
  assert.deepEqual(labels(timeTicks([0, 6 * 3600 + 59])), ["0 s", "1 h", "2 h", "3 h", "4 h", "5 h", "6 h"]);
  assert.deepEqual(labels(timeTicks([0, 5 * 86400])), ["0 s", "24 h", "2 d", "3 d", "4 d", "5 d"]);
  assert.deepEqual(labels(timeTicks([-90, 90])), ["-1 min 30 s", "-1 min", "-30 s", "0 s", "30 s", "1 min", "1 min 30 s"]);
  assert.deepEqual(labels(timeTicks([0, 1])), ["0.0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1.0 s"]);
});

test("durations are printed in the two largest units", () => {
  const printed = [0, 0.25, 59.4, 60, 61, 3600, 5400, -90, 7199, 7170, 172800, 176400].map(duration);
  assert.deepEqual(printed, ["0 s", "0.25 s", "59.4 s", "1 min", "1 min 1 s", "1 h", "1 h 30 min", "-1 min 30 s",
    "2 h", "2 h", "2 d", "2 d 1 h"]);
});

test("no duration has sixty of a unit", () => {
  for (let seconds = 0; seconds < 200_000; seconds += 7.3) {
    assert.doesNotMatch(duration(seconds), /\b(60 s|60 min|d 24 h)/);
  }
});

// --- Axes ---

test("an axis runs from edge to edge, upwards for values", () => {
  const { x, y, xTicks, yTicks } = plotAxes(STEPS);
  assert.deepEqual([x(0), x(200), x(400)], [0, 320, 640]);
  assert.deepEqual([y(1), y(2), y(3)], [200, 100, 0]);
  assert.deepEqual(xTicks[1], { at: 160, label: "100" });
  assert.deepEqual(yTicks[0], { at: 200, label: "1.0" });
});

test("a logarithmic axis has equal ratios at equal distances", () => {
  const { y, yTicks } = plotAxes({ ...STEPS, upwards: [0.01, 1], log: true });
  assert.deepEqual(labels(yTicks), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
  assert.deepEqual([0.01, 0.1, 1].map((value) => Math.round(y(value))), [200, 100, 0]);
});

test("a range of one value is drawn in the middle", () => {
  const { x, y } = plotAxes({ across: [7, 7], upwards: [2, 2], log: false });
  assert.deepEqual([x(7), y(2)], [320, 100]);
});

test("a range as wide as doubles reach is drawn all the same", () => {
  const { y } = plotAxes({ ...STEPS, upwards: [-1.7e308, 1.7e308] });
  assert.deepEqual([y(-1.7e308), y(0), y(1.7e308)], [200, 100, 0]);
});

test("an axis of times has ticks of its own", () => {
  assert.equal(plotAxes(STEPS, timeTicks).xTicks.at(-1).label, "6 min");
});

test("a line is interrupted where a place is missing", () => {
  assert.equal(linePath([[0, 0], [1.234, 5], null, null, [2, 2], [3, 3]]), "M0,0L1.23,5M2,2L3,3");
  assert.equal(linePath([null]), "");
});

test("a part of a range", () => {
  assert.equal(between([10, 20], 0.25), 12.5);
});
