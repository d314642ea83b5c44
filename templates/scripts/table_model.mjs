// A table's sort order: a column's key, "-key" for descending, "" for the report's own order.
const collator = new Intl.Collator();

// Numbers within text: integers, decimals, and numbers with an exponent.
const NUMBER = /\d+(?:\.\d+)*(?:e[+-]?\d+(?![\p{L}\d.]))?/giu;

export const sortKey = (heading) => heading.toLowerCase().replaceAll(" ", "-");
export const sortColumn = (keys, sort) => keys.indexOf(sort.replace(/^-/, ""));
export const isDescending = (sort) => sort.startsWith("-");

// The sort after a click on a column's header: ascending, descending, then the report's order.
export const nextSort = (sort, key) => ({ [key]: `-${key}`, [`-${key}`]: "" })[sort] ?? key;

// The number in a cell's data, null if unknown. Anything else counts as worse than any number.
export function numberOf(text) {
  if (!text) return null;
  const number = Number(text);
  return Number.isNaN(number) ? Infinity : number;
}

// The numbers of a match: one for `0.15` and `2e-5`; three for `1.2.10`, two for `v1.10`.
function numbersIn(match, before) {
  const dots = match.split(".").length - 1;
  const isVersion = dots > 1 || (dots === 1 && /(^|\P{L})v$/iu.test(before));
  return isVersion ? match.split(".").map(Number) : [Number(match)];
}

// Text split into parts that compare as readers expect: strings, and lists of numbers between them.
export function partsOfText(text) {
  const parts = [];
  let at = 0;
  for (const { 0: match, index } of text.matchAll(NUMBER)) {
    const before = text.slice(at, index);
    parts.push(before, numbersIn(match, before));
    at = index + match.length;
  }
  return [...parts, text.slice(at)];
}

function compareNumbers(some, others) {
  const place = some.findIndex((number, at) => number !== others[at]);
  return place < 0 ? some.length - others.length : some[place] - (others[place] ?? -Infinity);
}

export function compareTexts(one, other) {
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    const found = at % 2 ? compareNumbers(one[at], other[at]) : collator.compare(one[at], other[at]);
    if (found) return found;
  }
  return one.length - other.length;
}

// Equal values keep the report's order, and unknown ones come last in either direction. A value is
// a number, a string or null.
export function sorted(items, valueOf, descending) {
  const known = [], unknown = [];
  for (const item of items) {
    const value = valueOf(item);
    if (value === null) unknown.push(item);
    else known.push({ item, value: typeof value === "number" ? value : partsOfText(value) });
  }
  const sign = descending ? -1 : 1;
  const compare = (a, b) => typeof a === "number" ? (a === b ? 0 : a - b) : compareTexts(a, b);
  known.sort((a, b) => sign * compare(a.value, b.value));
  return [...known.map(({ item }) => item), ...unknown];
}
