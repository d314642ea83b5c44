import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isDescending, nextSort, numberOf, sortColumn, sortKey, sorted,
} from "../../templates/scripts/table_model.mjs";

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

test("a cell's number is what its data has", () => {
  assert.deepEqual(["1e-7", "0", "12345678901", undefined, ""].map(numberOf), [1e-7, 0, 12345678901, null, null]);
});

test("what is not a number is worse than any number, and better than nothing", () => {
  assert.deepEqual(order(["NaN", undefined, "1e37", "2"].map(numberOf)), [2, 1e37, Infinity, null]);
  assert.deepEqual(order([Infinity, 1, -Infinity, Infinity]), [-Infinity, 1, Infinity, Infinity]);
});

test("numbers within names are sorted as numbers", () => {
  const sorts = (...names) => assert.deepEqual(order([...names].reverse()), names);
  sorts("bot-2", "bot-9", "bot-10", "triage");
  sorts("lr-0.05", "lr-0.15", "lr-0.5", "lr-1");
  sorts("lr=1e-5", "lr=2e-5", "lr=1e-4", "lr=0.001");
  sorts("bot-v1.2", "bot-v1.9", "bot-v1.10", "bot-v2.0");
  sorts("1.2.9", "1.2.10", "1.10.1");
  sorts("a1b", "a1b2", "a2");
  sorts("run 1e5x", "run 2");
  sorts("bot", "bot-1", "bot-1-b", "bot-1-c");
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
