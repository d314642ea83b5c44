import assert from "node:assert/strict";
import { test } from "node:test";
import {
  curvePoints, curveRange, describe, differ, extent, formatComparison, lowest, parseComparison,
} from "../../templates/scripts/compare_model.mjs";

const REPORT = { slugs: ["a", "b", "c"], first: ["a", "b"], timed: true };
const CURVES = [[[1, 2, 3], [0.5, 0, 0.25], [10, 20, 30]], [[2], [0.75], []]];
const LOSS = { of: "loss", by: "step", log: false };

// --- Curves ---

test("a curve is that of the loss and axis asked for", () => {
  assert.deepEqual(curvePoints(CURVES, LOSS), [[1, 0.5], [2, 0], [3, 0.25]]);
  assert.deepEqual(curvePoints(CURVES, { ...LOSS, by: "time" }), [[10, 0.5], [20, 0], [30, 0.25]]);
  assert.deepEqual(curvePoints(CURVES, { ...LOSS, of: "eval-loss" }), [[2, 0.75]]);
  assert.deepEqual(curvePoints(CURVES, { ...LOSS, of: "eval-loss", by: "time" }), []);
});

test("a logarithmic axis leaves out what it cannot show", () => {
  assert.deepEqual(curvePoints(CURVES, { ...LOSS, log: true }), [[1, 0.5], [3, 0.25]]);
});

test("all of curves that fall is shown", () => {
  assert.deepEqual(curveRange([[[0, 3], [1, 1]], [[0, 2], [1, 0.5]], []]), [0.5, 3]);
});

test("a curve that climbs far above where all began leaves the plot", () => {
  assert.deepEqual(curveRange([[[0, 3], [1, 1]], [[0, 2], [1, 40]]]), [1, 3.2]);
});

test("curves that only climb are shown whole", () => {
  assert.deepEqual(curveRange([[[0, 1], [1, 40]]]), [1, 40]);
});

test("the curves in words", () => {
  const named = [{ name: "one", points: [[0, 3], [9, 1.23456789]] }, { name: "none", points: [] }];
  assert.equal(describe(named, LOSS), "Training loss by step. one: 3 → 1.2346.");
  assert.match(describe(named, { ...LOSS, of: "eval-loss", by: "time" }), /^Evaluation loss by time since the start\./);
});

test("the extent of values", () => {
  assert.deepEqual(extent([3, -1, 2]), [-1, 3]);
});

// --- Tables ---

test("of numbers that are all alike none is the best", () => {
  assert.deepEqual([lowest([2, 1, 3]), lowest([1, 1]), lowest([1]), lowest([])], [1, null, null, null]);
});

test("configs differ if two of their texts do", () => {
  assert.deepEqual([differ(["x", "x"]), differ(["x", "—"]), differ([])], [false, true, false]);
});

// --- The address ---

test("an address holds the jobs chosen, in the report's order, and the rest", () => {
  const state = { jobs: new Set(["c", "a"]), by: "time", of: "eval-loss", log: true, sort: "-steps" };
  const address = formatComparison(state, REPORT);
  assert.equal(address, "#jobs=a,c&by=time&of=eval-loss&log=1&sort=-steps");
  assert.deepEqual(parseComparison(address, REPORT), { ...state, jobs: new Set(["a", "c"]) });
});

test("a comparison that nobody changed leaves the address alone", () => {
  assert.equal(formatComparison(parseComparison("", REPORT), REPORT), "");
});

test("that no job is chosen is a state of its own", () => {
  const none = parseComparison("#jobs=", REPORT);
  assert.equal(none.jobs.size, 0);
  assert.equal(formatComparison(none, REPORT), "#jobs=");
});

test("an address may name what is not there", () => {
  const { jobs, by, of, log } = parseComparison("#jobs=%3Cb%3E,zz,b&by=moon&of=x&log=2", REPORT);
  assert.deepEqual([[...jobs], by, of, log], [["b"], "step", "loss", false]);
  assert.equal(parseComparison("#by=time", { ...REPORT, timed: false }).by, "step");
});
