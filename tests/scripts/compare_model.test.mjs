import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beyondText, curveOf, describe, differ, emptyText, extent, formatComparison, lowest, parseComparison,
  pointNear, rangeAcross, rangeUpwards, titleOf, tooltipOf,
} from "../../templates/scripts/compare_model.mjs";

const REPORT = { slugs: ["a", "b", "c"], first: ["a", "b"], of: "loss", timed: true };
const CURVES = [[[1, 2, 3], [0.5, 0, 0.25], [10, 20, 30], 0], [[2], [0.75], [], 1]];
const LOSS = { of: "loss", by: "step", log: false };
const pointsOf = (state) => curveOf(CURVES, state).points;
const ALL = [-Infinity, Infinity];

// --- Curves ---

test("a curve is that of the loss and axis asked for", () => {
  assert.deepEqual(pointsOf(LOSS), [[1, 0.5], [2, 0], [3, 0.25]]);
  assert.deepEqual(pointsOf({ ...LOSS, by: "time" }), [[10, 0.5], [20, 0], [30, 0.25]]);
  assert.deepEqual(curveOf(CURVES, { ...LOSS, of: "eval-loss" }), { points: [[2, 0.75]], averaged: true });
  assert.deepEqual(pointsOf({ ...LOSS, of: "eval-loss", by: "time" }), []);
});

test("a logarithmic axis leaves out what it cannot show", () => {
  assert.deepEqual(pointsOf({ ...LOSS, log: true }), [[1, 0.5], [3, 0.25, true]]);
});

test("a line breaks where values are not finite, and where a logarithmic axis leaves some out", () => {
  const broken = [[[1, 2, 3, 4], [1, 0, 3, 4], [], 0, [1, 3]]];
  assert.deepEqual(curveOf(broken, LOSS).points, [[1, 1], [2, 0, true], [3, 3], [4, 4, true]]);
  assert.deepEqual(curveOf(broken, { ...LOSS, log: true }).points, [[1, 1], [3, 3, true], [4, 4, true]]);
});

test("the plot ends where only one curve is left, unless all is asked for", () => {
  const curves = [[[0, 1], [100, 1]], [[5, 1], [90, 1]], [[0, 1], [9000, 1]], []];
  assert.deepEqual(rangeAcross(curves, false), [0, 100]);
  assert.deepEqual(rangeAcross(curves, true), [0, 9000]);
  assert.deepEqual(rangeAcross([curves[2]], false), [0, 9000]);
  assert.deepEqual(rangeAcross([[[7, 1]], [[7, 1], [9, 1]]], false), [7, 9]);
});

test("all of curves that fall is shown", () => {
  assert.deepEqual(rangeUpwards([[[0, 3], [1, 1]], [[0, 2], [1, 0.5]], []], ALL), [0.5, 3]);
});

test("a curve that climbs far above where all began leaves the plot", () => {
  assert.deepEqual(rangeUpwards([[[0, 3], [1, 1]], [[0, 2], [1, 40]]], ALL), [1, 1 + 1.1 * 2]);
});

test("curves that only climb are shown whole", () => {
  assert.deepEqual(rangeUpwards([[[0, 1], [1, 40]]], ALL), [1, 40]);
});

test("a spike does not flatten the rest, wherever it is", () => {
  const calm = Array.from({ length: 100 }, (_, at) => [at, 2 - at / 100]);
  for (const at of [0, 50, 99]) {
    const spiked = calm.map((point, place) => (place === at ? [place, 1e37] : point));
    assert.ok(rangeUpwards([spiked, calm], ALL)[1] < 3);
  }
});

test("what is beyond the plot does not count", () => {
  assert.deepEqual(rangeUpwards([[[0, 3], [1, 1], [2, 0.1]], [[0, 2], [1, 1]]], [0, 1]), [1, 3]);
});

test("a curve has a point near an x as far as it reaches", () => {
  const points = [[0, 1], [50, 2], [60, 3]];
  assert.deepEqual([-1, 24, 51, 64].map((x) => pointNear(points, x, [0, 100])), [[0, 1], [0, 1], [50, 2], [60, 3]]);
  assert.equal(pointNear(points, 66, [0, 100]), null);
  assert.deepEqual(pointNear(points, 66, [0, 1000]), [60, 3]);
  assert.equal(pointNear([], 30, [0, 100]), null);
});

test("the extent of values", () => {
  assert.deepEqual(extent([3, -1, 2]), [-1, 3]);
});

// --- In words ---

test("the curves in words", () => {
  const named = [{ name: "one", points: [[0, 3], [9, 1.23456789]] }, { name: "none", points: [] }];
  assert.equal(describe(named, LOSS), "Training loss by step. one: 3 → 1.235.");
  assert.match(describe(named, { ...LOSS, of: "eval-loss", by: "time" }), /^Evaluation loss by time since the start\./);
  assert.equal(describe([named[1]], LOSS), "Training loss by step. No curve.");
  assert.equal(titleOf({ of: "loss", by: "time" }), "Training loss by time since the start");
});

test("why nothing is drawn", () => {
  assert.match(emptyText([{ points: [[1, -2]] }], { log: true }), /^No value above zero/);
  assert.match(emptyText([{ points: [] }], { log: true }), /^None of the selected/);
  assert.match(emptyText([], { log: false }), /^None of the selected/);
});

test("how many curves go on", () => {
  assert.match(beyondText(1, { by: "step" }), /last step .*; 1 job goes further/);
  assert.match(beyondText(2, { by: "time" }), /last time .*; 2 jobs go further/);
});

test("a tooltip has the logged values of all curves, the lowest first", () => {
  const named = [
    { name: "one", row: 1, averaged: false, points: [[12345678901, 0.69314718], [12345678902, 0.7]] },
    { name: "two", row: 2, averaged: false, points: [[12345678901, 0.69314717]] },
    { name: "far", row: 3, averaged: false, points: [[12345679999, 1]] },
  ];
  assert.deepEqual(tooltipOf(named, 12345678901, LOSS, [12345678901, 12345678911], [0, 1]), {
    x: 12345678901,
    head: "step 12345678901",
    rows: [{ name: "two", row: 2, value: "0.69314717" }, { name: "one", row: 1, value: "0.69314718" }],
    means: false,
  });
  assert.equal(tooltipOf(named, 5, LOSS, [0, 10], [0, 1]), null);
});

test("a value that was logged at another step says so", () => {
  const named = [[10, 1], [12, 2]].map((point) => ({ name: "one", row: 1, averaged: false, points: [[0, 9], point, [20, 9]] }));
  const { head, rows } = tooltipOf(named, 10, LOSS, [0, 20], [0, 9]);
  assert.deepEqual([head, ...rows.map(({ value }) => value)], ["step 10", "1", "2 at 12"]);
});

test("a tooltip says which values are means", () => {
  const named = [{ name: "one", row: 1, averaged: true, points: [[100.5, 0.123456789]] }];
  const found = tooltipOf(named, 100, LOSS, [0, 1000], [0, 1]);
  assert.deepEqual([found.head, found.rows[0].value, found.means], ["step ≈ 100.5", "≈ 0.1235", true]);
  assert.equal(tooltipOf(named, 100, { ...LOSS, by: "time" }, [0, 1000], [0, 1]).head, "after 1 min 41 s");
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
  const state = { jobs: new Set(["c", "a"]), by: "time", of: "eval-loss", log: true, full: true, sort: "-steps" };
  const address = formatComparison(state, REPORT);
  assert.equal(address, "#jobs=a,c&by=time&of=eval-loss&log=1&full=1&sort=-steps");
  assert.deepEqual(parseComparison(address, REPORT), { ...state, jobs: new Set(["a", "c"]) });
});

test("a comparison that nobody changed leaves the address alone", () => {
  assert.equal(formatComparison(parseComparison("", REPORT), REPORT), "");
  const evaluated = { ...REPORT, of: "eval-loss" };
  assert.equal(formatComparison(parseComparison("", evaluated), evaluated), "");
  assert.equal(parseComparison("#of=loss", evaluated).of, "loss");
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
