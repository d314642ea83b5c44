// A page's age in words.
const MINUTE = 60, HOUR = 3600, DAY = 86400;

export function ago(seconds) {
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${Math.floor(seconds / DAY)} days ago`;
}

export function ageNote(seconds, staleAfter) {
  const stale = seconds > staleAfter;
  return { stale, text: `· ${ago(seconds)}${stale ? ": this may be out of date" : ""}` };
}
