// Tables that a reader sorts by their headers, which become buttons.
"use strict";
const Table = (() => {
  const names = new Intl.Collator(undefined, { numeric: true });

  function valueOf(cell, numeric) {
    if (numeric) {
      const number = Number.parseFloat(cell.dataset.n ?? cell.textContent);
      return Number.isNaN(number) ? null : number;
    }
    const text = cell.querySelector("time")?.dateTime ?? cell.textContent;
    return text === "—" ? null : text;
  }

  // `items` are the rows, each with its own place in the report's order; `changed` is told when a
  // header was used. By "status", "-status" (falling) and so on; "" is the report's own order.
  function sorting(table, items, changed) {
    const heads = [...table.tHead.rows[0].cells];
    const keys = heads.map((head) => head.textContent.toLowerCase().replaceAll(" ", "-"));
    let sort = "";
    let known = { sort, items };

    function sorted() {
      const falling = sort.startsWith("-");
      const column = keys.indexOf(falling ? sort.slice(1) : sort);
      if (column < 0) return items;
      const numeric = heads[column].className === "n";
      const found = [], unknown = [];
      for (const item of items) {
        const value = valueOf(item.row.cells[column], numeric);
        (value === null ? unknown : found).push({ item, value });
      }
      const sign = falling ? -1 : 1;
      const compare = numeric ? (a, b) => a - b : names.compare;
      found.sort((a, b) => sign * compare(a.value, b.value) || a.item.place - b.item.place);
      return [...found, ...unknown].map((one) => one.item);
    }

    function set(to) {
      sort = keys.includes(to.replace(/^-/, "")) ? to : "";
      heads.forEach((head, column) => {
        if (sort === keys[column]) head.ariaSort = "ascending";
        else if (sort === `-${keys[column]}`) head.ariaSort = "descending";
        else head.removeAttribute("aria-sort");
      });
    }

    heads.forEach((head, column) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      const key = keys[column];
      const next = { "": key, [key]: `-${key}`, [`-${key}`]: "" };
      button.append(...head.childNodes);
      button.addEventListener("click", () => {
        set(next[sort] ?? key);
        changed();
      });
      head.append(button);
    });
    table.classList.add("sortable");

    return {
      get sort() {
        return sort;
      },
      set,
      order() {
        if (known.sort !== sort) known = { sort, items: sorted() };
        return known.items;
      },
    };
  }

  return { sorting };
})();
