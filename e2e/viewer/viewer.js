// Draws a dashboard in Grafana's classic form with the answers of a Prometheus, as far as our dashboards go: rows,
// timeseries, stat, gauge, table, text. It is there to be looked at by tests and by people who have no Grafana.
// When all is drawn `document.body.dataset.state` is "done" and #summary says what each panel got.
"use strict";

const CELL = { width: 24, height: 30, gap: 8 };
const MARGIN = { top: 6, right: 8, bottom: 20, left: 52 };
const COLOURS = ["#3b78d1", "#e08a1e", "#2f9e6e", "#b4519e", "#7a63cf", "#4aa8c4", "#c9a21d", "#d0555e", "#6d7d90", "#86a83a", "#9a6b4b", "#e07bb0"];
const NAMED = { green: "#2c9a5f", orange: "#e08a1e", red: "#d43f4a" };
const MINUTE = 60, HOUR = 3600;
/** Round spans of time, in seconds. */
const SPANS = [15, 30, ...[1, 2, 5, 10, 15, 30].map((it) => it * MINUTE), ...[1, 2, 3, 6, 12, 24].map((it) => it * HOUR)];

// --- values -------------------------------------------------------------------------------------------------------

/** A number with these decimals, or else three digits that count, and no zeros behind them. */
const plain = (value, decimals) => String(Number(decimals === undefined ? value.toPrecision(3) : value.toFixed(decimals)));

/** A value in steps of a unit: the largest that it reaches. `steps` grow. */
function scaled(value, steps) {
  const [, name, size] = steps.reduce((best, [name, size]) => (Math.abs(value) >= size * 0.9995 ? [0, name, size] : best), [0, ...steps[0]]);
  return plain(value / size) + name;
}

const SCALES = {
  short: [["", 1], [" K", 1e3], [" Mil", 1e6], [" Bil", 1e9]],
  s: [[" µs", 1e-6], [" ms", 1e-3], [" s", 1], [" min", MINUTE], [" h", HOUR], [" d", 24 * HOUR]],
  bytes: [[" B", 1], [" KiB", 2 ** 10], [" MiB", 2 ** 20], [" GiB", 2 ** 30], [" TiB", 2 ** 40]],
};

const PER_SECOND = { ops: "ops/s", reqps: "req/s" };

/** A value with its unit, as Grafana calls units; only percentages have decimals of our choice. */
function text(value, unit, decimals) {
  if (value === 0) return { percentunit: "0%", s: "0 s", ms: "0 ms", bytes: "0 B", ops: "0 ops/s", reqps: "0 req/s" }[unit] ?? "0";
  switch (unit) {
    case "percentunit": return plain(value * 100, decimals) + "%";
    case "s": return scaled(value, SCALES.s);
    case "ms": return scaled(value / 1e3, SCALES.s);
    case "bytes": return scaled(value, SCALES.bytes);
    case "ops": return scaled(value, SCALES.short) + " ops/s";
    case "reqps": return scaled(value, SCALES.short) + " req/s";
    default: return scaled(value, SCALES.short);
  }
}

/** Round numbers from at most `low` to at least `high`, about five of them. */
function ticks(low, high, unit) {
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const base = unit === "bytes" ? 2 ** Math.floor(Math.log2(rough)) : 10 ** Math.floor(Math.log10(rough));
  const second = unit === "ms" ? 1e3 : 1;
  const isTime = (unit === "s" || unit === "ms") && rough > 10 * second;
  const steps = isTime ? SPANS.map((it) => it * second) : [1, 2, 2.5, 5, 10].map((it) => it * base);
  let step = steps.find((it) => it >= rough * 0.999) ?? steps.at(-1);
  // Half an event is none.
  if (unit === "short" && step < 1) step = high >= 1 ? 1 : 0.5;
  const found = [];
  for (let at = Math.floor(low / step + 1e-9); found.length === 0 || found.at(-1) < high - step * 1e-6; at++) found.push(at * step);
  return found;
}

function colourOf(value, steps) {
  const reached = (steps ?? []).filter((step) => step.value === null || value >= step.value);
  return NAMED[reached.at(-1)?.color] ?? NAMED.green;
}

// --- questions ----------------------------------------------------------------------------------------------------

/** What is chosen above the dashboard: by the view, else by the dashboard. */
function chosen() {
  const values = {};
  for (const variable of view.dashboard.templating.list) {
    if (variable.type === "datasource") continue;
    const value = view.variables[variable.name] ?? variable.current?.value ?? "$__all";
    const isAll = value === "$__all";
    values[variable.name] = { label: variable.label, shown: isAll ? "All" : value, value: isAll ? ".+" : value };
  }
  return values;
}

/** Grafana's own intervals for a panel of this width. */
function intervals(width) {
  const range = view.to - view.from;
  const step = Math.max(view.scrapeSeconds, Math.ceil(range / width / 5) * 5);
  return { step, __interval: `${step}s`, __range: `${range}s`, __rate_interval: `${Math.max(step + view.scrapeSeconds, 4 * view.scrapeSeconds)}s` };
}

function substituted(expr, values) {
  return expr.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (all, braced, bare) => {
    if (!((braced ?? bare) in values)) throw new Error(`${all} is not among the variables`);
    return values[braced ?? bare];
  });
}

async function ask(target, spans) {
  const values = { ...spans };
  for (const [name, { value }] of Object.entries(chosen())) values[name] = value;
  const expr = substituted(target.expr, values);
  const [path, when] = target.instant
    ? ["query", { time: view.to }]
    : ["query_range", { start: view.from, end: view.to, step: spans.step }];
  const answer = await fetch(`${view.prometheus}/api/v1/${path}?${new URLSearchParams({ query: expr, ...when })}`);
  const body = await answer.json();
  if (body.status !== "success") throw new Error(body.error ?? `status ${answer.status}`);
  const { resultType, result } = body.data;
  const found = resultType === "scalar" ? [{ metric: {}, value: result }] : result;
  return found
    .map(({ metric, values, value }) => ({
      labels: metric,
      refId: target.refId,
      name: legend(target.legendFormat, metric),
      // Where nothing was divided by nothing there is no value.
      points: (values ?? [value]).map(([at, value]) => [Number(at), Number(value)]).filter(([, value]) => Number.isFinite(value)),
    }))
    .filter((series) => series.points.length > 0)
    .sort((a, b) => a.name.localeCompare(b.name));
}

function legend(format, labels) {
  const known = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return format ? format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "") : `{${known.join(", ")}}`;
}

// --- drawing ------------------------------------------------------------------------------------------------------

function element(parent, tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  parent.append(made);
  return made;
}

function shape(parent, tag, attributes, content) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (content !== undefined) made.textContent = content;
  parent.append(made);
  return made;
}

/** Each series on top of those before it. */
function stacked(all) {
  const sums = new Map();
  return all.map((series) => ({
    ...series,
    points: series.points.map(([at, value]) => {
      const low = sums.get(at) ?? 0;
      sums.set(at, low + value);
      return [at, low + value, low];
    }),
  }));
}

/** Stretches without a gap: where a value is missing the line ends. */
function stretches(points, step) {
  return points.reduce((found, point) => {
    if (found.length && point[0] - found.at(-1).at(-1)[0] <= step * 1.5) found.at(-1).push(point);
    else found.push([point]);
    return found;
  }, []);
}

function timeseries(body, panel, all, spans) {
  const chart = element(body, "div", "chart");
  const names = element(body, "div", "legend");
  const room = Math.floor(body.clientHeight * 0.36);
  all.forEach((series, index) => {
    const name = element(names, "span", "", series.name);
    name.prepend(Object.assign(document.createElement("i"), { style: `background:${COLOURS[index % COLOURS.length]}` }));
  });
  let hidden = 0;
  while (names.offsetHeight > room && names.childElementCount > 1) {
    names.lastElementChild.remove();
    if (hidden++) names.lastElementChild.remove();
    element(names, "span", "", `+${hidden} more`);
  }
  const { unit, custom, thresholds } = panel.fieldConfig.defaults;
  const isStacked = custom.stacking?.mode === "normal";
  const drawn = isStacked ? stacked(all) : all;
  const values = drawn.flatMap((series) => series.points.map(([, value]) => value));
  const lowest = Math.min(...values), highest = Math.max(...values);
  const scale = ticks(Math.min(0, lowest), highest > Math.min(0, lowest) ? highest : highest + 1, unit);
  // A line along the upper edge is not seen; but nothing is above all of it.
  const isWhole = unit === "percentunit" && Math.abs(highest - 1) < 1e-9;
  if (!isWhole && highest > scale.at(-1) - (scale[1] - scale[0]) * 0.02) scale.push(2 * scale.at(-1) - scale.at(-2));
  const [width, height] = [chart.clientWidth, chart.clientHeight];
  const svg = shape(chart, "svg", { viewBox: `0 0 ${width} ${height}` });
  const x = (at) => MARGIN.left + ((at - view.from) / (view.to - view.from)) * (width - MARGIN.left - MARGIN.right);
  const y = (value) => height - MARGIN.bottom - ((value - scale[0]) / (scale.at(-1) - scale[0])) * (height - MARGIN.top - MARGIN.bottom);
  for (const value of scale) {
    shape(svg, "line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value), stroke: "#e9ecf0" });
    shape(svg, "text", { x: MARGIN.left - 7, y: y(value) + 4, "text-anchor": "end" }, text(value, unit).replace(/ (ops|req)\/s$/, ""));
  }
  const apart = SPANS.find((it) => it >= MINUTE && ((view.to - view.from) / it) * 62 < width) ?? 24 * HOUR;
  for (let at = Math.ceil(view.from / apart) * apart; at <= view.to; at += apart) {
    shape(svg, "line", { x1: x(at), x2: x(at), y1: MARGIN.top, y2: height - MARGIN.bottom, stroke: "#f1f3f6" });
    if (x(at) > MARGIN.left + 14 && x(at) < width - 18) shape(svg, "text", { x: x(at), y: height - 5, "text-anchor": "middle" }, clock(at));
  }
  drawn.forEach((series, index) => {
    const colour = COLOURS[index % COLOURS.length];
    // Many areas of one line each would be a grey one.
    const opacity = (custom.fillOpacity ?? 0) / 100 / (isStacked ? 1 : all.length);
    for (const points of stretches(series.points, spans.step)) {
      const above = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
      const below = points.map(([at, , low]) => `${x(at).toFixed(1)},${y(low ?? Math.max(0, scale[0])).toFixed(1)}`).reverse();
      shape(svg, "path", { d: `M${[...above, ...below].join("L")}Z`, fill: colour, opacity });
      // A line that is hardly longer than it is thick would not be seen.
      const isShort = x(points.at(-1)[0]) - x(points[0][0]) < 6;
      if (isShort) shape(svg, "circle", { cx: x(points[0][0]), cy: y(points[0][1]), r: 2.5, fill: colour });
      shape(svg, "path", { d: `M${above.join("L")}`, fill: "none", stroke: colour, "stroke-width": 1.5, "stroke-linejoin": "round" });
    }
  });
  const dashed = custom.thresholdsStyle?.mode === "dashed" ? thresholds.steps : [];
  for (const { value, color } of dashed.filter((step) => step.value !== null && step.value >= scale[0] && step.value <= scale.at(-1))) {
    shape(svg, "line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value), stroke: NAMED[color], "stroke-dasharray": "7 5", opacity: 0.75 });
  }
}

function stat(body, panel, all) {
  const { unit, thresholds } = panel.fieldConfig.defaults;
  const stats = element(body, "div", "stats");
  for (const series of all) {
    const one = element(stats, "div");
    const value = series.points.at(-1)[1];
    element(one, "div", "value", text(value, unit)).style.color = colourOf(value, thresholds?.steps);
    if (all.length > 1) element(one, "div", "", series.name);
  }
}

function gauge(body, panel, all) {
  const { unit, thresholds, min, max } = panel.fieldConfig.defaults;
  const columns = Math.ceil(Math.sqrt((all.length * body.clientWidth) / body.clientHeight / 1.5));
  const dials = element(body, "div", "dials");
  dials.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  dials.style.gridAutoRows = "minmax(0, 1fr)";
  const arc = (svg, part, colour) => {
    const [cos, sin] = [Math.cos(Math.PI * (1 - part)), Math.sin(Math.PI * (1 - part))];
    shape(svg, "path", { d: `M10,60A50,50 0 0 1 ${60 + 50 * cos},${60 - 50 * sin}`, fill: "none", stroke: colour, "stroke-width": 12 });
  };
  for (const series of all) {
    const value = series.points.at(-1)[1];
    const dial = element(dials, "div", "dial");
    const svg = shape(dial, "svg", { viewBox: "0 0 120 66" });
    arc(svg, 1, "#e9ecf0");
    const part = Math.min(1, Math.max(0, (value - min) / (max - min)));
    if (part > 0) arc(svg, part, colourOf(value, thresholds?.steps));
    shape(svg, "text", { x: 60, y: 60, "text-anchor": "middle", style: `font-size:19px;font-weight:600;fill:${colourOf(value, thresholds?.steps)}` }, text(value, unit));
    element(dial, "div", "", series.name);
  }
}

/** One line for each set of labels, one column for each question, as Grafana merges them. */
function table(body, panel, all) {
  const { unit, decimals } = panel.fieldConfig.defaults;
  const labels = [...new Set(all.flatMap((series) => Object.keys(series.labels)))].filter((label) => label !== "__name__");
  const lines = new Map();
  for (const series of all) {
    const key = JSON.stringify(labels.map((label) => series.labels[label]));
    const line = lines.get(key) ?? { labels: series.labels };
    line[series.refId] = series.points.at(-1)[1];
    lines.set(key, line);
  }
  const renamed = Object.assign({}, ...(panel.transformations ?? []).map((it) => it.options.renameByName ?? {}));
  const columns = panel.targets.map(({ refId }) => ({ refId, name: panel.targets.length > 1 ? `Value #${refId}` : "Value" }));
  const drawn = element(body, "table");
  const head = element(drawn, "tr");
  for (const label of labels) element(head, "th", "", label);
  for (const { name } of columns) element(head, "th", "number", renamed[name] ?? name);
  for (const line of [...lines].sort(([a], [b]) => a.localeCompare(b)).map(([, line]) => line)) {
    const row = element(drawn, "tr");
    for (const label of labels) element(row, "td", "", line.labels[label] ?? "");
    for (const { refId } of columns) element(row, "td", "number", refId in line ? text(line[refId], unit, decimals) : "");
  }
  if (drawn.offsetHeight > body.clientHeight) drawn.className = "dense";
}

const SHAPES = { timeseries, stat, gauge, table };

/** Draws a panel and says what it got. */
async function draw(panel, grid) {
  const { x, y, w, h } = panel.gridPos;
  const isRow = panel.type === "row";
  const box = element(grid, "div", isRow ? "row" : "panel", isRow ? panel.title : undefined);
  const column = grid.clientWidth / CELL.width;
  const line = CELL.height + CELL.gap;
  Object.assign(box.style, { left: `${x * column}px`, top: `${y * line}px`, width: `${w * column - CELL.gap}px`, height: `${h * line - CELL.gap}px` });
  if (isRow) return [];
  const heading = element(box, "h2", "", panel.title);
  const body = element(box, "div", "body");
  if (panel.type === "text") {
    element(body, "div", "words", panel.options.content);
    return [];
  }
  if (panel.type === "timeseries") element(heading, "small", "", PER_SECOND[panel.fieldConfig.defaults.unit]);
  const spans = intervals(body.clientWidth);
  const answers = await Promise.all(
    panel.targets.map((target) => ask(target, spans).then((series) => ({ expr: target.expr, series }), (error) => ({ expr: target.expr, series: [], error: error.message }))),
  );
  const all = answers.flatMap((answer) => answer.series);
  let error = answers.find((answer) => answer.error)?.error;
  if (!error && all.length === 0) element(body, "div", "nothing", "No data");
  else if (!error) {
    try {
      if (!SHAPES[panel.type]) throw new Error(`no panel of type ${panel.type} is known`);
      SHAPES[panel.type](body, panel, all, spans);
    } catch (failure) {
      error = String(failure);
    }
  }
  if (error) element(body, "div", "nothing error", error);
  const questions = answers.map(({ expr, series, error }) => ({
    expr, error: error ?? null, series: series.length, samples: series.reduce((sum, { points }) => sum + points.length, 0),
  }));
  return [{ title: panel.title, type: panel.type, error: error ?? null, questions }];
}

const clock = (at) => new Date(at * 1e3).toISOString().slice(11, 16);

async function main() {
  const { dashboard } = view;
  const header = document.querySelector("header");
  element(header, "h1", "", dashboard.title);
  const choose = (label, value) => element(header, "div", "choice", value).prepend(Object.assign(document.createElement("b"), { textContent: label }));
  for (const { label, shown } of Object.values(chosen())) choose(label, shown);
  choose("Time", `${new Date(view.from * 1e3).toISOString().slice(0, 10)}, ${clock(view.from)} to ${clock(view.to)} UTC`);
  const grid = document.getElementById("grid");
  grid.style.height = `${Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * (CELL.height + CELL.gap)}px`;
  await document.fonts.ready;
  const panels = (await Promise.all(dashboard.panels.map((panel) => draw(panel, grid)))).flat();
  return { title: dashboard.title, panels };
}

main()
  .catch((error) => ({ title: view.dashboard.title, panels: [], error: String(error) }))
  .then((summary) => {
    // What stands in a script must not end it.
    document.getElementById("summary").textContent = JSON.stringify(summary).replaceAll("<", "\\u003c");
    document.body.dataset.state = "done";
  });
