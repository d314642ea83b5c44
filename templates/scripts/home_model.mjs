// The jobs that the home page shows, and how the page's address stores this choice.
export const searchable = (name, id) => `${name}\n${id}`.toLowerCase();

// `q` is searched for in names and IDs; `statuses` are the ones shown, or all if empty.
export function matchingJobs(jobs, { q, statuses }) {
  const wanted = q.trim().toLowerCase();
  return jobs.filter((job) =>
    (!wanted || job.text.includes(wanted)) && (!statuses.size || statuses.has(job.status)));
}

// The statuses after a click on one; "" means all.
export function toggleStatus(statuses, status) {
  const changed = new Set(status ? statuses : []);
  if (status && !changed.delete(status)) changed.add(status);
  return changed;
}

export const foundText = (count, all) => (count ? `${count} of ${all} jobs` : "No jobs match.");

export const compareText = (count) => (count === 1 ? "Compare this job" : `Compare ${count} jobs`);

// `route` is the home view's address: "/", as in Studio, if all pages are in one file, else "".
// Returns null if the address belongs to another view.
export function parseHome(hash, route, known) {
  const address = hash.slice(1);
  if (route && address.startsWith("/jobs/")) return null;
  const parts = new URLSearchParams(address.slice(address.indexOf("?") + 1));
  return {
    q: parts.get("q") ?? "",
    statuses: new Set(parts.getAll("status").filter((status) => known.has(status))),
    sort: parts.get("sort") ?? "",
    top: Number(parts.get("top")) || 0,
  };
}

// `top` is how far the page is scrolled down: only links back to the page include it.
export function formatHome({ q, statuses, sort, top = 0 }, route) {
  const parts = new URLSearchParams();
  if (q) parts.set("q", q);
  for (const status of statuses) parts.append("status", status);
  if (sort) parts.set("sort", sort);
  if (top) parts.set("top", top);
  const text = parts.toString();
  if (!route) return text && `#${text}`;
  return text ? `#${route}?${text}` : `#${route}`;
}

// The address of a link from home, including the way back.
export function passedOn(href, home) {
  const plain = href.replace(/[#&]from=[^&]*/, "");
  return home ? `${plain}${plain.includes("#") ? "&" : "#"}from=${encodeURIComponent(home)}` : plain;
}
