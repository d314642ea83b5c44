import assert from "node:assert/strict";
import { test } from "node:test";
import {
  inlierRange, isVisible, nearest, rangeAround, stopByKey, stopsOf, tooltipLines, valueRange, zoomRange,
} from "../../templates/scripts/chart_model.mjs";

const WHOLE = { across: [0, 640], upwards: [0, 2] };

const point = (step, value, kind = "loss") => ({ kind, step, value, exact: true, atStep: true });
const series = (kind, ...pairs) => ({ kind, points: pairs.map(([step, value]) => point(step, value, kind)) });
const view = (changes = {}) => ({ range: WHOLE.across, log: false, smoothing: 0, off: new Set(), ...changes });
const stopsAt = (...steps) => steps.map((step) => [step, [point(step, 1)]]);

// --- What is shown ---

test("a chart that nobody changed keeps its own range", () => {
  const curves = [series("loss", [0, 1], [640, 1.5])];
  assert.equal(valueRange(curves, view(), WHOLE), WHOLE.upwards);
});

test("the range follows the values within the zoom", () => {
  const curves = [series("loss", [0, 9], [100, 1], [200, 1.5], [640, 0])];
  assert.deepEqual(valueRange(curves, view({ range: [50, 300] }), WHOLE), [1, 1.5]);
  assert.equal(valueRange(curves, view({ range: [110, 120] }), WHOLE), WHOLE.upwards);
});

test("the range follows the curves that are switched on", () => {
  const curves = [series("loss", [0, 1], [640, 2]), series("eval-loss", [0, 5], [640, 6])];
  assert.deepEqual(valueRange(curves, view({ off: new Set(["loss"]) }), WHOLE), [5, 6]);
});

test("a logarithmic axis leaves out what it cannot show", () => {
  const curves = [series("loss", [0, -1], [100, 0], [200, 0.5], [300, 2])];
  assert.deepEqual(valueRange(curves, view({ log: true }), WHOLE), [0.5, 2]);
  assert.deepEqual(valueRange([series("loss", [0, 0])], view({ log: true }), WHOLE), [0.1, 1]);
  assert.equal(isVisible(point(100, 0), view({ log: true })), false);
  assert.equal(isVisible(point(100, 0), view()), true);
});

// --- Outliers ---

test("the range without outliers is that of the values near the median", () => {
  const values = Array.from({ length: 100 }, (_, at) => 2 + (at % 10) / 10);
  assert.deepEqual(inlierRange([...values, 55, NaN].slice(0, 101)), [2, 2.9]);
  assert.deepEqual(inlierRange([-1e37, ...values, 1e37]), [2, 2.9]);
  assert.deepEqual(inlierRange([-1.7e308, ...values, 1.7e308]), [2, 2.9]);
});

test("a range that is hardly smaller is not offered", () => {
  const values = Array.from({ length: 100 }, (_, at) => 2 + (at % 10) / 10);
  for (const few of [values, [...values, 4], [], [1], [1, 1, 1, 9]]) assert.equal(inlierRange(few), null);
});

test("a view without outliers has their range, if there are any among what it shows", () => {
  const calm = Array.from({ length: 20 }, (_, at) => [at, 1 + (at % 4) / 4]);
  const curves = [series("loss", ...calm, [640, 99]), series("eval-loss", [5, 50])];
  assert.deepEqual(valueRange(curves, view({ inliers: true }), WHOLE), [1, 1.75]);
  const zoomed = view({ inliers: true, range: [0, 4] });
  assert.deepEqual(valueRange([curves[0]], zoomed, WHOLE), [1, 1.75]);
});

// --- Steps ---

test("stops are the steps shown, in order, with the points of all curves", () => {
  const curves = [series("loss", [2, 1], [1, 2], [9, 3]), series("eval-loss", [2, 4])];
  const stops = stopsOf(curves, view({ range: [1, 5] }));
  assert.deepEqual(stops.map(([step]) => step), [1, 2]);
  assert.deepEqual(stops[1][1].map(({ value }) => value), [1, 4]);
});

test("superseded points are stops only if nothing else is shown", () => {
  const curves = [series("loss", [1, 1]), series("superseded", [2, 2])];
  assert.deepEqual(stopsOf(curves, view()).map(([step]) => step), [1]);
  assert.deepEqual(stopsOf(curves, view({ off: new Set(["loss"]) })).map(([step]) => step), [2]);
});

test("the nearest stop, the earlier one of two as near", () => {
  const stops = stopsAt(0, 10, 20, 1000);
  const found = [-5, 0, 4, 5, 6, 14, 500, 511, 9999].map((step) => stops[nearest(stops, step)][0]);
  assert.deepEqual(found, [0, 0, 0, 0, 10, 10, 20, 1000, 1000]);
  assert.equal(nearest(stopsAt(7), 100), 0);
});

test("the nearest of many stops is that of a search through all", () => {
  const stops = stopsAt(...Array.from({ length: 257 }, (_, at) => at * at));
  for (let step = 0; step < 66_000; step += 97) {
    const distances = stops.map(([at]) => Math.abs(at - step));
    assert.equal(distances[nearest(stops, step)], Math.min(...distances));
  }
});

test("keys go from stop to stop and end at the ends", () => {
  assert.deepEqual(["ArrowRight", "Home", "ArrowLeft", "End"].map((key) => stopByKey(key, null, 50)), [0, 0, 49, 49]);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "PageUp", "PageDown"].map((key) => stopByKey(key, 20, 50)), [19, 21, 15, 25]);
  assert.deepEqual([stopByKey("ArrowLeft", 0, 50), stopByKey("PageDown", 48, 50)], [0, 49]);
  assert.deepEqual([stopByKey("PageDown", 0, 3), stopByKey("x", 1, 3), stopByKey("ArrowRight", null, 0)], [1, null, null]);
});

test("a tooltip shows logged values, and marks what is not exact", () => {
  const exact = [12345678901.5, [point(12345678901.5, 0.6931471801), point(12345678901.5, 2, "eval-loss")]];
  assert.deepEqual(tooltipLines(exact, WHOLE), ["step 12345678901.5", "training loss 0.6931471801", "eval loss 2"]);
  const rounded = [12, [{ ...point(12, 0.123456789), exact: false }]];
  assert.deepEqual(tooltipLines(rounded, WHOLE), ["step 12", "training loss ≈ 0.1235"]);
  const drawn = [12.3456789, [{ ...point(12.3456789, 0.123456789), exact: false, atStep: false }]];
  assert.deepEqual(tooltipLines(drawn, WHOLE), ["step ≈ 12.346", "training loss ≈ 0.1235"]);
});

// --- Zoom ---

test("a zoom is cut to the whole curve", () => {
  assert.deepEqual(zoomRange(100, 200, WHOLE), [100, 200]);
  assert.deepEqual(zoomRange(-50, 200, WHOLE), [0, 200]);
  assert.deepEqual(zoomRange(600, 9000, WHOLE), [600, 640]);
});

test("a zoom over the whole curve is none, and one of no width is refused", () => {
  assert.equal(zoomRange(-1, 641, WHOLE), WHOLE.across);
  assert.deepEqual([zoomRange(5, 5, WHOLE), zoomRange(700, 800, WHOLE), zoomRange(NaN, 5, WHOLE)], [null, null, null]);
});

test("zooming in and out keeps the middle", () => {
  assert.deepEqual(rangeAround(100, [0, 400], 0.5), [0, 200]);
  assert.deepEqual(rangeAround(100, [50, 150], 2), [0, 200]);
});
