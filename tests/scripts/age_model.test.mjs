import assert from "node:assert/strict";
import { test } from "node:test";
import { ageNote, ago } from "../../templates/scripts/age_model.mjs";

test("an age is printed in its largest unit", () => {
  const printed = [-90, 59, 60, 3599, 3600, 172_799, 172_800, 8_640_000].map(ago);
  assert.deepEqual(printed, ["just now", "just now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "2 days ago", "100 days ago"]);
});

test("a page older than it may be carries a warning", () => {
  assert.deepEqual(ageNote(7200, 7200), { stale: false, text: "· 2 h ago" });
  assert.deepEqual(ageNote(7201, 7200), { stale: true, text: "· 2 h ago: this may be out of date" });
});
