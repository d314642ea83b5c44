import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, parseNumbers, partsOf } from "../../templates/scripts/points_model.mjs";

const WHOLE = { across: [0, 640], upwards: [0, 2] };
const point = (step, value, exact, atStep) => ({ kind: "loss", step, value, exact, atStep });

test("a curve with its data has the logged values, part by part", () => {
  const data = { steps: [1, 3, 7], values: [0.25, 0.5, 8], exact: true };
  assert.deepEqual(partsOf("loss", "M0,100L64,50M128,0", data, WHOLE),
    [[point(1, 0.25, true, true), point(3, 0.5, true, true)], [point(7, 8, true, true)]]);
});

test("a curve without data has the values of its path, none of them exact", () => {
  const data = { steps: [], values: [], exact: true };
  assert.deepEqual(partsOf("loss", "M0,200L64,150", data, WHOLE),
    [[point(0, 0, false, false), point(64, 0.5, false, false)]]);
});

test("whole steps are distances, and others are written out", () => {
  assert.deepEqual(decoded({ steps: "12345678901,2,3", values: "1,2,3" }),
    { steps: [12345678901, 12345678903, 12345678906], values: [1, 2, 3], exact: true });
  assert.deepEqual(decoded({ at: "0.1,0.25", values: "1,NaN" }).steps, [0.1, 0.25]);
});

test("rounded values are parts of their range", () => {
  const { values, exact } = decoded({ steps: "1,1", values: "0,500000", scale: "0.5,1e-9" });
  assert.deepEqual(values.map((value) => value.toFixed(6)), ["0.500000", "0.500500"]);
  assert.equal(exact, false);
  const wide = decoded({ steps: "1", values: "1000000", scale: "-1.7e308,3.4e302" });
  assert.ok(Math.abs(wide.values[0] / 1.7e308 - 1) < 1e-9);
});

test("lists of numbers", () => {
  assert.deepEqual(parseNumbers("1,-2.5,1e-7"), [1, -2.5, 1e-7]);
  assert.deepEqual(parseNumbers(undefined), []);
});
