// The loss chart's own controls. Without this script the page says the same: nothing here adds to
// what it tells, and all controls are made here, so that none is dead without it.
"use strict";
{
const enhancePlot = (plot) => {
  const svg = plot.querySelector("svg.loss-chart");

  const { WIDTH, HEIGHT, fill, html, shape, plain, digits } = Plot;
  const NAMES = { loss: "Training loss", "eval-loss": "Eval loss", superseded: "Superseded" };
  const KINDS = Object.keys(NAMES);

  const numbers = (text) => (text ? text.split(",").map(Number) : []);

  // What the page holds: points in the order of the paths, all in steps and values.

  const across = numbers(svg.dataset.across);
  const upwards = numbers(svg.dataset.upwards);
  const between = ([low, high], part) => low + (high - low) * part;
  const stepAt = (x) => between(across, x / WIDTH);
  const valueAt = (y) => between(upwards, 1 - y / HEIGHT);
  const place = (node, x, y) => ({ node, step: stepAt(Number(x)), value: valueAt(Number(y)) });

  const read = (kind) => {
    const path = svg.querySelector(`path.${kind}`);
    if (!path) return null;
    const steps = numbers(path.dataset.steps);
    const values = numbers(path.dataset.values);
    let at = 0;
    let step = 0;
    const parts = path.getAttribute("d").split("M").slice(1).map((part) =>
      part.split("L").map((pair) => {
        const [x, y] = numbers(pair);
        const exact = at < steps.length;
        step = exact ? step + steps[at] : stepAt(x);
        const value = exact ? values[at] : valueAt(y);
        at += 1;
        return { kind, step, value, exact };
      }));
    return { kind, path, parts, points: parts.flat() };
  };
  const series = KINDS.map(read).filter(Boolean);
  if (!series.length) return;
  const circles = [...svg.querySelectorAll("circle")].map((node) =>
    place(node, node.getAttribute("cx"), node.getAttribute("cy")));
  const labels = [...svg.querySelectorAll(".extreme text")];
  const many = [...svg.querySelectorAll("path[class$='-dots']")].map((node) => ({
    node,
    dots: node.getAttribute("d").split("M").slice(1).map((dot) => place(null, ...dot.slice(0, -2).split(","))),
  }));
  const fixed = [...svg.querySelectorAll(".checkpoint, .not-finite")].map((node) => {
    const x = Number(/M([\d.]+)/.exec(node.getAttribute("d"))[1]);
    return { node, x, step: stepAt(x) };
  });
  const axes = Plot.axes(svg);

  // A nested SVG cuts off what zooming moves out of the plot area.
  const frame = shape("svg", { x: -6, y: -8, width: 652, height: 216, viewBox: "-6 -8 652 216" });
  const curves = svg.querySelector(".curves");
  curves.replaceWith(frame);
  const cursor = shape("path", { class: "cursor", "vector-effect": "non-scaling-stroke", visibility: "hidden" });
  const smooth = shape("path", { class: "smooth", "vector-effect": "non-scaling-stroke" });
  const band = shape("rect", { class: "band", height: HEIGHT, width: 0 });
  frame.append(curves, smooth, band, cursor);

  // The view.

  const view = { range: across, log: false, smoothing: 0, off: new Set() };
  const zoomed = () => view.range !== across;
  const shown = () => series.filter((one) => !view.off.has(one.kind));
  let x;
  let y;

  // What was changed first is remembered, so that the chart as it came can be put back exactly.
  const first = new Map();
  const put = (node, name, value) => {
    if (!first.has(node)) first.set(node, {});
    const kept = first.get(node);
    if (!(name in kept)) kept[name] = node.getAttribute(name);
    node.setAttribute(name, value);
  };
  const putBack = () => {
    for (const [node, kept] of first) {
      for (const [name, value] of Object.entries(kept)) {
        if (value === null) node.removeAttribute(name);
        else node.setAttribute(name, value);
      }
    }
    axes.putBack();
  };

  const heights = () => {
    if (!zoomed() && !view.log && !view.off.size) return upwards;
    let low = Infinity;
    let high = -Infinity;
    for (const one of shown()) {
      for (const { step, value } of one.points) {
        if (step < view.range[0] || step > view.range[1] || (view.log && value <= 0)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return low <= high ? [low, high] : view.log ? [0.1, 1] : upwards;
  };
  const drawable = (point) => !view.log || point.value > 0;
  const pair = (point) => `${plain(x(point.step))},${plain(y(point.value))}`;
  const line = (points) => {
    let d = "";
    let pen = "M";
    for (const point of points) {
      if (!drawable(point)) pen = "M";
      else {
        d += pen + pair(point);
        pen = "L";
      }
    }
    return d;
  };

  const moveLabels = () => {
    const rows = labels.map((label) => ({ label, at: Number(label.previousElementSibling.getAttribute("cy")) }));
    rows.sort((one, other) => one.at - other.at);
    let least = 0;
    for (const row of rows) {
      row.at = Math.max(row.at, least);
      least = row.at + 12;
    }
    let most = HEIGHT;
    for (const row of rows.reverse()) {
      row.at = Math.min(row.at, most);
      most = row.at - 12;
      put(row.label, "y", plain(row.at));
    }
  };

  const moveAll = () => {
    for (const { path, parts } of series) put(path, "d", parts.map(line).join(""));
    for (const dot of circles) {
      const inside = dot.step >= view.range[0] && dot.step <= view.range[1] && drawable(dot);
      for (const node of [dot.node, dot.node.nextElementSibling]) {
        if (node === dot.node || labels.includes(node)) put(node, "visibility", inside ? "visible" : "hidden");
      }
      if (!inside) continue;
      put(dot.node, "cx", plain(x(dot.step)));
      put(dot.node, "cy", plain(y(dot.value)));
    }
    for (const { node, dots } of many) {
      put(node, "d", dots.filter(drawable).map((dot) => `M${pair(dot)}h0`).join(""));
    }
    for (const one of fixed) put(one.node, "transform", `translate(${plain(x(one.step) - one.x)} 0)`);
    moveLabels();
  };

  // An exponential moving average that starts without a bias towards zero.
  const average = () => {
    const loss = series.find((one) => one.kind === "loss");
    if (!loss || !view.smoothing || view.off.has("loss")) return [];
    const means = (loss.path.dataset.means || "").split(",");
    const points = means.length < 2 ? loss.points : means
      .map((mean, at) => ({ step: stepAt(((at + 0.5) / means.length) * WIDTH), value: mean === "" ? NaN : Number(mean) }))
      .filter((point) => !Number.isNaN(point.value));
    let sum = 0;
    let weight = 0;
    return points.map(({ step, value }) => {
      sum = view.smoothing * sum + (1 - view.smoothing) * value;
      weight = view.smoothing * weight + (1 - view.smoothing);
      return { step, value: sum / weight };
    });
  };

  const draw = () => {
    const range = heights();
    ({ x, y } = axes.draw({ across: view.range, upwards: range, log: view.log }));
    if (range === upwards && !zoomed()) putBack();
    else moveAll();
    for (const kind of KINDS) {
      for (const node of svg.querySelectorAll(`.curves .${kind}, .curves .${kind}-dot, .curves .${kind}-dots, .${kind}-extreme`)) {
        node.setAttribute("display", view.off.has(kind) ? "none" : "inline");
      }
    }
    smooth.setAttribute("d", line(average()));
    const loss = svg.querySelector("path.loss");
    if (loss) loss.setAttribute("opacity", view.smoothing ? 0.3 : 1);
    back.hidden = !zoomed();
    hide();
  };

  // The tooltip.

  const surface = html("div", {
    class: "surface", tabindex: 0, role: "application", "aria-roledescription": "chart",
    "aria-label": "Loss curve. Left and right arrow keys go through the steps, plus and minus zoom, Escape goes back.",
  });
  const tip = html("div", { class: "tip", "aria-hidden": "true" });
  const live = html("p", { class: "spoken", "aria-live": "polite" });
  plot.append(surface, live);
  let at = null;

  const stops = () => {
    const found = new Map();
    for (const { points, kind } of shown()) {
      if (kind === "superseded" && shown().length > 1) continue;
      for (const point of points) {
        if (point.step < view.range[0] || point.step > view.range[1] || !drawable(point)) continue;
        found.set(point.step, [...(found.get(point.step) || []), point]);
      }
    }
    return [...found].sort(([one], [other]) => one - other);
  };
  let known = null;
  const steps = () => (known ||= stops());

  const hide = () => {
    at = known = null;
    tip.remove();
    cursor.setAttribute("visibility", "hidden");
  };
  const show = (index, aloud) => {
    const [step, points] = steps()[index];
    at = index;
    const words = [
      `step ${points[0].exact ? step : `≈ ${digits(step, 5)}`}`,
      ...points.map((point) => `${NAMES[point.kind].toLowerCase()} ${digits(point.value, point.exact ? 6 : 4)}`),
    ];
    tip.replaceChildren(...words.map((word, row) => html(row ? "span" : "b", { class: row ? points[row - 1].kind : "" }, word)));
    surface.after(tip);
    if (aloud) live.textContent = words.join(", ");
    fill(cursor, {
      visibility: "visible",
      d: `M${plain(x(step))} 0V200${points.map((point) => `M${plain(x(step) - 3)},${plain(y(point.value))}h6`).join("")}`,
    });
    const matrix = svg.getScreenCTM();
    const box = plot.getBoundingClientRect();
    const left = matrix.a * x(step) + matrix.e - box.left;
    const flipped = left > box.width / 2;
    tip.style.left = flipped ? "auto" : `${left + 10}px`;
    tip.style.right = flipped ? `${box.width - left + 10}px` : "auto";
    tip.style.top = `${matrix.f - box.top + 4}px`;
  };
  const nearest = (step) => {
    const all = steps();
    let low = 0;
    let high = all.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (all[middle][0] < step) low = middle;
      else high = middle;
    }
    return high >= 0 && step - all[low][0] > all[high][0] - step ? high : low;
  };
  const pointedAt = (event) => {
    const matrix = svg.getScreenCTM();
    return Math.min(Math.max((event.clientX - matrix.e) / matrix.a, 0), WIDTH);
  };
  const viewStep = (at) => between(view.range, at / WIDTH);

  // Zoom.

  const zoom = (from, to) => {
    const low = Math.max(from, across[0]);
    const high = Math.min(to, across[1]);
    if (!(low < high)) return;
    view.range = low <= across[0] && high >= across[1] ? across : [low, high];
    draw();
  };
  const unzoom = () => {
    const focused = document.activeElement === back;
    view.range = across;
    draw();
    if (focused) surface.focus();
    live.textContent = "whole curve";
  };
  let start = null;
  const cancel = () => {
    start = null;
    band.setAttribute("width", 0);
  };

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = pointedAt(event);
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    const here = pointedAt(event);
    if (start !== null) fill(band, { x: Math.min(start, here), width: Math.abs(here - start) });
    if (steps().length) show(nearest(viewStep(here)), false);
  });
  surface.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const ends = [start, pointedAt(event)].sort((one, other) => one - other);
    cancel();
    if (ends[1] - ends[0] > 6) zoom(viewStep(ends[0]), viewStep(ends[1]));
  });
  surface.addEventListener("pointercancel", cancel);
  surface.addEventListener("pointerleave", () => start === null && hide());
  surface.addEventListener("dblclick", unzoom);
  surface.addEventListener("blur", hide);

  const nearer = (factor) => {
    const middle = at === null ? viewStep(WIDTH / 2) : steps()[at][0];
    const half = ((view.range[1] - view.range[0]) * factor) / 2;
    zoom(middle - half, middle + half);
    if (steps().length) show(nearest(middle), true);
  };
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const count = steps().length;
    const jump = Math.max(1, Math.round(count / 10));
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -jump, PageDown: jump, Home: -count, End: count };
    if (event.key in moves && count) {
      const from = at === null ? (moves[event.key] < 0 ? count : -1) : at;
      show(Math.min(Math.max(from + moves[event.key], 0), count - 1), true);
    } else if (event.key === "+" || event.key === "=") nearer(0.5);
    else if (event.key === "-") nearer(2);
    else if (event.key === "Escape" && start !== null) cancel();
    else if (event.key === "Escape" && zoomed()) unzoom();
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
  });

  // Controls.

  const tools = html("div", { class: "tools", role: "group", "aria-label": "Chart" });
  const labelled = (word, attributes, change) => {
    const label = html("label", {});
    const input = html("input", attributes);
    input.addEventListener("input", () => {
      change(input);
      draw();
    });
    label.append(...(attributes.type === "range" ? [`${word} `, input] : [input, ` ${word}`]));
    tools.append(label);
    return input;
  };
  if (series.length > 1) {
    for (const { kind } of series) {
      labelled(NAMES[kind], { type: "checkbox" }, (input) => {
        if (input.checked) view.off.delete(kind);
        else view.off.add(kind);
      }).checked = true;
    }
  }
  const log = labelled("Log scale", { type: "checkbox" }, (input) => {
    view.log = input.checked;
  });
  log.disabled = !series.some((one) => one.points.some((point) => point.value > 0));
  if (series.some((one) => one.kind === "loss")) {
    labelled("Smoothing", { type: "range", min: 0, max: 0.99, step: 0.01, value: 0 }, (input) => {
      view.smoothing = Number(input.value);
    });
  }
  const button = (word, act) => {
    const made = html("button", { type: "button" }, word);
    made.addEventListener("click", act);
    tools.append(made);
    return made;
  };
  const back = button("Reset zoom", unzoom);
  back.hidden = true;

  const LOOK = ["fill", "stroke", "stroke-width", "fill-opacity", "stroke-opacity", "opacity", "font-size"];
  button("Download SVG", () => {
    hide();
    const copy = svg.cloneNode(true);
    const copies = [copy, ...copy.querySelectorAll("*")];
    [svg, ...svg.querySelectorAll("*")].forEach((node, index) => {
      const look = getComputedStyle(node);
      if (node !== svg) for (const name of LOOK) copies[index].setAttribute(name, look.getPropertyValue(name));
      for (const name of Object.keys(node.dataset)) delete copies[index].dataset[name];
    });
    const ground = getComputedStyle(plot.closest(".panel") || document.body).backgroundColor;
    const [left, top, width, height] = svg.getAttribute("viewBox").split(" ");
    copy.prepend(shape("rect", { x: left, y: top, width, height, fill: ground }));
    fill(copy, { width, height });
    const text = new XMLSerializer().serializeToString(copy);
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    html("a", { href: address, download: `${plot.dataset.name}.svg` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  plot.after(tools);
  draw();
};

const plots = [...document.querySelectorAll(".plot")];
if (plots.length === 1) enhancePlot(plots[0]);
else {
  // Of many charts in one file each gets its controls when it comes into view.
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      enhancePlot(target);
    }
  });
  plots.forEach((plot) => watch.observe(plot));
}
}
