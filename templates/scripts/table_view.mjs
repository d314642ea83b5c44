// A table that readers can sort by its headers, which become buttons.
import { isDescending, nextSort, numberOf, sortColumn, sortKey, sorted } from "./table_model.mjs";

// The whole text of an element whose visible text may be truncated.
export const wholeText = (element) => element.title || element.textContent;

// A cell's sort value: its exact number, its time or its text, without any notes next to it.
function valueOfCell(cell, numeric) {
  if (numeric) return numberOf(cell.dataset.n);
  const time = cell.querySelector("time");
  const value = time ? time.dateTime : wholeText(cell.querySelector("a, code, .badge") ?? cell);
  return value === "—" ? null : value;
}

// Each of `items` has a `row`, in the report's order; `changed` is called after a header click.
export function sortable(table, items, changed) {
  const heads = [...table.tHead.rows[0].cells];
  const keys = heads.map((head) => sortKey(head.textContent));
  let sort = "";
  let ordered = items;

  function order() {
    const column = sortColumn(keys, sort);
    if (column < 0) return items;
    const numeric = heads[column].className === "n";
    return sorted(items, ({ row }) => valueOfCell(row.cells[column], numeric), isDescending(sort));
  }

  function set(asked) {
    // A link may name a column that does not exist.
    const known = sortColumn(keys, asked) < 0 ? "" : asked;
    if (known !== sort) ordered = null;
    sort = known;
    heads.forEach((head, column) => {
      if (sort === keys[column]) head.ariaSort = "ascending";
      else if (sort === `-${keys[column]}`) head.ariaSort = "descending";
      else head.removeAttribute("aria-sort");
    });
  }

  heads.forEach((head, column) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      set(nextSort(sort, keys[column]));
      changed();
    });
    head.append(button);
  });
  table.classList.add("sortable");
  return { get: () => sort, set, order: () => (ordered ??= order()) };
}
