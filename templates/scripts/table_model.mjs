// How a table is sorted: by a column's key, "-key" for descending, "" for the report's own order.
const collator = new Intl.Collator(undefined, { numeric: true });

export const sortKey = (heading) => heading.toLowerCase().replaceAll(" ", "-");
export const sortColumn = (keys, sort) => keys.indexOf(sort.replace(/^-/, ""));
export const isDescending = (sort) => sort.startsWith("-");

// The sort after a click on a column's header: ascending, descending, then the report's order.
export const nextSort = (sort, key) => ({ [key]: `-${key}`, [`-${key}`]: "" })[sort] ?? key;

// What a cell is sorted by, null if it is unknown.
export function sortValue(text, numeric) {
  if (!numeric) return text === "—" ? null : text;
  const number = Number.parseFloat(text);
  return Number.isNaN(number) ? null : number;
}

// Equal values keep the report's order, and unknown ones come last in either direction.
export function sorted(items, valueOf, descending) {
  const known = [], unknown = [];
  for (const item of items) {
    const value = valueOf(item);
    (value === null ? unknown : known).push({ item, value });
  }
  const sign = descending ? -1 : 1;
  const compare = (a, b) => typeof a === "number" ? a - b : collator.compare(a, b);
  known.sort((a, b) => sign * compare(a.value, b.value));
  return [...known, ...unknown].map(({ item }) => item);
}
