// Reloads a page on a wall display. The address keeps search and filter, the browser the scrolling.
const LONGEST = 2 ** 31 - 1;

const period = document.querySelector("meta[name=auto-refresh]");

// Not while somebody is typing.
const reload = () => document.activeElement?.matches("input[type=search]") || location.reload();

if (period) setInterval(reload, Math.min(Number(period.content) * 1000, LONGEST));
