import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareText, formatHome, foundText, matchingJobs, parseHome, passedOn, searchable, toggleStatus,
} from "../../templates/scripts/home_model.mjs";

const JOBS = [["Support-Bot", "job_1", "completed"], ["triage", "job_2", "failed"], ["bot-2", "job_3", "failed"]]
  .map(([name, id, status]) => ({ name, status, text: searchable(name, id) }));
const STATUSES = new Set(["", "completed", "failed"]);

const found = (q, ...statuses) => matchingJobs(JOBS, { q, statuses: new Set(statuses) }).map(({ name }) => name);
const parsed = (hash, route = "") => {
  const state = parseHome(hash, route, STATUSES);
  return { ...state, statuses: [...state.statuses] };
};

// --- Search and filter ---

test("search finds part of a name or an ID, in any case and between spaces", () => {
  assert.deepEqual(found("BOT"), ["Support-Bot", "bot-2"]);
  assert.deepEqual(found("  job_2 "), ["triage"]);
  assert.deepEqual(found("nothing"), []);
  assert.deepEqual(found(""), ["Support-Bot", "triage", "bot-2"]);
});

test("a search does not run over from name to ID", () => {
  assert.deepEqual(found("triagejob"), []);
});

test("statuses narrow a search; none of them means all", () => {
  assert.deepEqual(found("bot", "failed"), ["bot-2"]);
  assert.deepEqual(found("", "failed", "completed"), ["Support-Bot", "triage", "bot-2"]);
});

test("a click on a status switches it on or off, one on all clears them", () => {
  const one = toggleStatus(new Set(), "failed");
  assert.deepEqual([...one], ["failed"]);
  assert.deepEqual([...toggleStatus(one, "completed")], ["failed", "completed"]);
  assert.deepEqual([...toggleStatus(one, "failed")], []);
  assert.deepEqual([...toggleStatus(one, "")], []);
  assert.deepEqual([...one], ["failed"]);
});

test("what was found, in words", () => {
  assert.deepEqual([foundText(2, 3), foundText(0, 3)], ["2 of 3 jobs", "No jobs match."]);
  assert.deepEqual([compareText(1), compareText(3)], ["Compare this job", "Compare 3 jobs"]);
});

// --- The address ---

test("an address holds search, statuses and order", () => {
  const state = { q: "a&b c", statuses: new Set(["completed", "failed"]), sort: "-loss" };
  const address = formatHome(state, "");
  assert.equal(address, "#q=a%26b+c&status=completed&status=failed&sort=-loss");
  assert.deepEqual(parsed(address), { q: "a&b c", statuses: ["completed", "failed"], sort: "-loss", top: 0 });
});

test("a state that nobody changed leaves the address alone", () => {
  const state = { q: "", statuses: new Set(), sort: "" };
  assert.deepEqual([formatHome(state, ""), formatHome(state, "/")], ["", "#/"]);
});

test("in one file the state follows the home view's own address", () => {
  const address = formatHome({ q: "bot", statuses: new Set(), sort: "" }, "/");
  assert.equal(address, "#/?q=bot");
  assert.equal(parsed(address, "/").q, "bot");
  assert.equal(parseHome("#/jobs/q=bot", "/", STATUSES), null);
});

test("an address may hold anything", () => {
  const nothing = { q: "", statuses: [], sort: "", top: 0 };
  for (const hash of ["", "#", "#x", "#%", "#status=unheard-of", "#?", "#jobs", "#top=x"]) assert.deepEqual(parsed(hash), nothing);
});

// --- The way back ---

test("a link to another page holds the way back, once", () => {
  const home = formatHome({ q: "a&b", statuses: new Set(), sort: "", top: 120 }, "");
  const link = passedOn("jobs/a.html", home);
  assert.equal(link, "jobs/a.html#from=%23q%3Da%2526b%26top%3D120");
  assert.equal(passedOn(link, home), link);
  assert.equal(passedOn("compare.html#jobs=a,b", "#q=x"), "compare.html#jobs=a,b&from=%23q%3Dx");
  assert.equal(passedOn("compare.html#jobs=a,b&from=%23q%3Dx", "#q=y"), "compare.html#jobs=a,b&from=%23q%3Dy");
  assert.deepEqual(parseHome("#q=a%26b&top=120", "", STATUSES).top, 120);
});

test("a home page that nobody changed needs no way back", () => {
  assert.equal(passedOn("jobs/a.html", ""), "jobs/a.html");
  assert.equal(passedOn("jobs/a.html#from=%23q%3Dx", ""), "jobs/a.html");
});
