import assert from "node:assert/strict";
import { test } from "node:test";
import { isDescending, nextSort, sortColumn, sortKey, sorted, sortValue } from "../../templates/scripts/table_model.mjs";

const KEYS = ["status", "best-eval-loss"];
const order = (values, descending = false) => sorted(values, (value) => value, descending);

test("a column's key is its heading, as an address has it", () => {
  assert.equal(sortKey("Best eval loss"), "best-eval-loss");
});

test("a column is found by its key in either direction", () => {
  assert.deepEqual(["status", "-best-eval-loss", "", "--status", "nonsense"].map((sort) => sortColumn(KEYS, sort)),
    [0, 1, -1, -1, -1]);
  assert.deepEqual(["status", "-status"].map(isDescending), [false, true]);
});

test("clicks go from ascending to descending and back to the report's order", () => {
  assert.equal(nextSort("", "loss"), "loss");
  assert.equal(nextSort("loss", "loss"), "-loss");
  assert.equal(nextSort("-loss", "loss"), "");
  assert.equal(nextSort("-name", "loss"), "loss");
});

test("a cell is sorted by its number or text, a dash by neither", () => {
  assert.deepEqual(["1e-7", "0.5 step 3", "—", ""].map((text) => sortValue(text, true)), [1e-7, 0.5, null, null]);
  assert.deepEqual(["bot-2", "—"].map((text) => sortValue(text, false)), ["bot-2", null]);
});

test("numbers within names are sorted as numbers", () => {
  assert.deepEqual(order(["bot-10", "bot-9", "triage", "bot-2"]), ["bot-2", "bot-9", "bot-10", "triage"]);
});

test("unknown values come last in either direction", () => {
  assert.deepEqual(order([3, null, 10.5, -1]), [-1, 3, 10.5, null]);
  assert.deepEqual(order([3, null, 10.5, -1], true), [10.5, 3, -1, null]);
});

test("equal values keep the report's order in either direction", () => {
  const jobs = [["b", 1], ["a", 1], ["c", 0]];
  const names = (descending) => sorted(jobs, ([, value]) => value, descending).map(([name]) => name);
  assert.deepEqual(names(false), ["c", "b", "a"]);
  assert.deepEqual(names(true), ["b", "a", "c"]);
});
