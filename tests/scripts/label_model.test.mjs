import assert from "node:assert/strict";
import { test } from "node:test";
import { leftMargin, spreadLabels } from "../../templates/scripts/label_model.mjs";

test("labels are spread apart in their order, and stay within the plot", () => {
  assert.deepEqual(spreadLabels([10, 100]), [10, 100]);
  assert.deepEqual(spreadLabels([100, 10, 101]), [100, 10, 112]);
  assert.deepEqual(spreadLabels([200, 199, 198]), [200, 188, 176]);
  assert.deepEqual(spreadLabels([0, 0]), [0, 12]);
  assert.deepEqual(spreadLabels([]), []);
});

test("a long label gets room", () => {
  assert.equal(leftMargin([{ label: "0.5" }]), 56);
  assert.equal(leftMargin([{ label: "0.5" }, { label: "0.693147180" }]), 12 + 12.5 * 11);
  assert.ok(leftMargin([]) >= 56);
});
