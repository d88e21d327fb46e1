// Draws the charts of a report from the JSON in the page. It fetches nothing, and text
// from the report becomes text nodes only.
(() => {
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const reading = document.getElementById("reading");
const LEFT = 58, RIGHT = 14; // of the plots
const WIDE = 560, LANES = 4; // from where labels have room, and how many lie above each other
const faults = data.faults || [], switches = data.switches || [];
const time = { from: data.from && data.from[0], to: data.to && data.to.at(-1) };

// ---- elements and numbers

function html(name, cls, parent, text) {
  const e = document.createElement(name);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}

function set(e, attributes) {
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  return e;
}

function svg(name, attributes, parent, text) {
  const e = set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}

const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
const largest = (values) => values.reduce((a, b) => Math.max(a, b), 0);
const digits = (n) => String(Number(n.toPrecision(3)));
const count = (n) => Math.abs(n) >= 100 ? Math.round(n).toLocaleString("en") : digits(n);

// duration formats milliseconds as in the tables.
function duration(ms) {
  ms = Number(ms.toPrecision(3));
  if (ms === 0) return "0 ms";
  if (ms < 0.001) return digits(ms * 1e6) + " ns";
  if (ms < 1) return digits(ms * 1e3) + " µs";
  if (ms < 1000) return digits(ms) + " ms";
  return count(ms / 1e3) + " s";
}

const moment = (s) => (s < 0 ? "−" : "") + Number(Math.abs(s).toFixed(1)).toLocaleString("en") + " s";

// ---- scales and their ticks

function linear(values, bottom, top, whole) {
  const max = (largest(values) || 1) * 1.02; // a line along the upper edge would not be seen
  const rough = max / Math.max(2, Math.round((bottom - top) / 42)), power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  if (whole) step = Math.max(1, step);
  const end = Math.ceil(max / step - 1e-9) * step;
  const ticks = [];
  for (let i = 0; i * step <= end * 1.0001; i++) ticks.push(i * step);
  return { at: (v) => bottom - (v / end) * (bottom - top), ticks };
}

// logarithmic ends at 1, 2 or 5 times a power of ten, and has ticks at the powers,
// or also between them if there are few.
function logarithmic(values, bottom, top) {
  const max = largest(values) || 1, min = values.reduce((a, b) => b > 0 ? Math.min(a, b) : a, max);
  const round = (v, up) => {
    const power = 10 ** Math.floor(Math.log10(v) + 1e-9);
    const steps = [1, 2, 5, 10].map((m) => m * power);
    return up ? steps.find((s) => s >= v * 0.9999) : steps.findLast((s) => s <= v * 1.0001);
  };
  const from = round(min), to = Math.max(round(max, true), 5 * from);
  const low = Math.log10(from), span = Math.log10(to) - low;
  const every = Math.ceil(span / 7);
  const ticks = [];
  for (let e = Math.floor(low); e <= low + span + 1e-9; e += every) {
    for (const m of span < 1.9 ? [1, 2, 5] : [1]) ticks.push(m * 10 ** e);
  }
  return {
    at: (v) => bottom - ((Math.log10(Math.max(v, from)) - low) / span) * (bottom - top),
    ticks: ticks.filter((t) => t >= from * 0.9999 && t <= to * 1.0001),
  };
}

// ---- one chart

// A chart has a legend, which also shows the values at the cursor, and a drawing, which
// is drawn again when its width changes. spec.draw fills the drawing and returns the
// places of the cursor; spec.read returns the values at one of them.
function chart(box, spec) {
  const legend = html("div", "legend", box);
  if (spec.title) html("h3", "", legend, spec.title);
  const values = spec.series.map((s) => {
    const item = html("span", "", legend);
    if (s.label) html("span", "key " + (s.key || "") + " " + s.cls, item);
    if (s.label) item.append(s.label + " ");
    return s.mute ? null : html("b", "", item);
  });
  let log = spec.log;
  if (log !== undefined) {
    const group = html("span", "toggle", legend);
    set(group, { role: "group", "aria-label": "Scale" });
    for (const [label, way] of [["log", true], ["linear", false]]) {
      const button = set(html("button", "", group, label), { type: "button", "aria-pressed": way === log });
      button.addEventListener("click", () => {
        log = way;
        for (const b of group.children) set(b, { "aria-pressed": b === button });
        redraw();
      });
    }
  }
  const stage = html("div", "", box);
  set(stage, { role: "img", "aria-label": (spec.name || box.getAttribute("aria-label")) + (spec.still ? "" : ". Arrow keys read values.") });
  let width = 0, drawn = null, cursor = null;

  function redraw() {
    stage.replaceChildren();
    const height = spec.height(width);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, stage);
    drawn = spec.draw(root, width, height, log);
    cursor = svg("g", { class: "cursor" }, root);
    cursor.style.visibility = "hidden";
    for (const name of ["rect", "rect", "text"]) svg(name, {}, cursor);
  }
  new ResizeObserver(() => {
    const now = Math.max(Math.floor(box.clientWidth), 200);
    if (now === width) return;
    width = now;
    redraw();
  }).observe(box);

  const self = {
    // show shows the values at i, or none if i is null. The chart under the pointer
    // also shows the place.
    show(i, pointed) {
      if (!drawn) return;
      const r = i === null ? null : spec.read(i);
      values.forEach((v, k) => { if (v) v.textContent = r ? r.values[k] : ""; });
      cursor.style.visibility = r ? "visible" : "hidden";
      if (!r) return;
      const [band, chip, text] = cursor.children, [a, b] = drawn.extent(i);
      set(band, { x: a, width: b - a, y: drawn.top, height: drawn.bottom - drawn.top, class: "band" });
      text.textContent = pointed ? r.when : "";
      const long = pointed ? text.getComputedTextLength() + 12 : 0;
      const x = clamp((a + b - long) / 2, 0, width - long);
      set(chip, { x, width: long, y: drawn.bottom + 3, height: 19, rx: 4, class: "chip" });
      set(text, { x: x + 6, y: drawn.bottom + 17 });
    },
    text(i) {
      const r = spec.read(i);
      return r.when + ": " + spec.series.map((s, k) => s.mute ? "" : `${s.label} ${r.values[k]}`).filter(Boolean).join(", ");
    },
  };
  if (spec.still) return;

  let at = -1;
  const point = (i) => {
    for (const c of spec.group || [self]) c.show(i, c === self);
  };
  stage.tabIndex = 0;
  stage.addEventListener("pointermove", (e) => {
    const frame = stage.getBoundingClientRect();
    at = drawn.find((e.clientX - frame.left) * (width / frame.width));
    point(at);
  });
  stage.addEventListener("pointerleave", () => point(null));
  stage.addEventListener("blur", () => point(null));
  stage.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity }[e.key];
    if (e.key === "Escape") point(null);
    if (!step) return;
    e.preventDefault();
    at = clamp(at + step, 0, spec.length - 1);
    point(at);
    reading.textContent = self.text(at);
  });
  if (spec.group) spec.group.push(self);
}

function valueAxis(root, scale, width, format) {
  for (const tick of scale.ticks) {
    const y = scale.at(tick);
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }, root);
    svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, root, format(tick));
  }
}

// ---- charts over time

const together = []; // charts with a common cursor

function timeTicks(width) {
  const span = time.to - time.from;
  const rough = span / Math.max(2, Math.floor(width / 90));
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = steps.find((s) => s >= rough) || Math.ceil(rough / 86400) * 86400;
  const ticks = [];
  for (let i = Math.ceil(time.from / step - 1e-9); i * step <= time.to + 1e-9; i++) ticks.push(i * step);
  return ticks;
}

function timeLabel(s) {
  if (time.to <= 180) return moment(s);
  const minus = s < 0 ? "−" : "";
  s = Math.round(Math.abs(s));
  const two = (n) => String(n).padStart(2, "0");
  return minus + (s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}` : Math.floor(s / 60)) + ":" + two(s % 60);
}

// steps returns the path of a value for each interval. It has a gap where a value is
// null.
function steps(values, x, y) {
  let d = "", open = false;
  values.forEach((v, i) => {
    if (v === null) { open = false; return; }
    d += `${open ? "L" : "M"}${x(data.from[i]).toFixed(1)} ${y(v).toFixed(1)}H${x(data.to[i]).toFixed(1)}`;
    open = true;
  });
  return d;
}

// band returns the area between two rows of values.
function band(low, high, x, y) {
  let up = "", down = "";
  high.forEach((v, i) => {
    const a = x(data.from[i]).toFixed(1), b = x(data.to[i]).toFixed(1);
    up += `${i ? "L" : "M"}${a} ${y(v).toFixed(1)}H${b}`;
    down = `L${b} ${y(low[i]).toFixed(1)}H${a}` + down;
  });
  return up + down + "Z";
}

// events draws the warm-up, the faults and the switches behind the lines. It returns
// their labels, which the caller draws last, over all lines.
function events(root, x, top, bottom, width, named) {
  const labels = [];
  if (time.from < 0) {
    const end = x(Math.min(0, time.to));
    svg("rect", { class: "warmup", x: x(time.from), y: top, width: end - x(time.from), height: bottom - top }, root);
    if (end - x(time.from) > 60 && named) labels.push(svg("text", { class: "halo", x: x(time.from) + 5, y: bottom - 6 }, null, "warm-up"));
  }
  for (const s of switches) {
    const at = x(clamp(s.at, time.from, time.to));
    svg("line", { class: "switch-line", x1: at, x2: at, y1: top, y2: bottom }, root);
    labels.push(svg("path", { class: "switch", d: `M${at} ${bottom - 6}l5 6l-5 6l-5 -6z` }));
  }
  // from the right to the left, so that the line at the left end of a label does not
  // cross the labels in the lanes below
  const begins = Array(named ? LANES : 1).fill(Infinity);
  for (let i = faults.length - 1; i >= 0; i--) {
    const f = faults[i];
    const at = x(clamp(f.at, time.from, time.to)), until = x(clamp(f.until, f.at, time.to));
    const g = svg("g", { class: f.error ? "failed" : "" }, root);
    const lasting = f.until - f.at > (time.to - time.from) / 2; // it would tint the whole chart
    svg("rect", { class: "fault-band" + (lasting ? " lasting" : ""), x: at, y: top, width: Math.max(until - at, 2), height: lasting ? 5 : bottom - top }, g);
    const name = f.text.length > 34 ? f.text.slice(0, 33) + "…" : f.text;
    const label = svg("text", { class: "fault-text" }, g, named ? `${i + 1} ${name}` : i + 1);
    const long = label.getComputedTextLength() + 10;
    const begin = clamp(at - 3, LEFT - 3, width - RIGHT - long + 10);
    const lane = begins.findIndex((next) => begin + long < next); // -1: they are all taken
    if (lane < 0) label.remove();
    else labels.push(set(label, { x: begin, y: top - 6 - lane * 14 }));
    if (lane >= 0) begins[lane] = begin;
    const crosses = begins.some((next, k) => k < lane && next < at - 4); // at the right edge labels begin left of their lines
    svg("line", { class: "fault-line", x1: at, x2: at, y1: top - (lane < 0 ? 0 : 3 + (crosses ? 0 : lane * 14)), y2: bottom }, g);
  }
  return labels;
}

// room returns the height of the labels above a plot.
const room = (named) => !faults.length ? 8 : named ? 8 + 14 * Math.min(LANES, faults.length) : 22;

function eventsAt(i) {
  const names = [];
  faults.forEach((f, k) => { if (f.at < data.to[i] && f.until >= data.from[i]) names.push("fault " + (k + 1)); });
  for (const s of switches) if (s.at <= data.to[i] && s.at > data.from[i]) names.push("switch of " + s.cog);
  return names.length ? " · " + names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "") : "";
}

// timeChart draws series of values, one for each interval. A series is a line, an
// area, or, if spec.stack, a layer.
function timeChart(box, spec) {
  const series = spec.series;
  const layers = [];
  if (spec.stack) {
    let sum = data.to.map(() => 0);
    for (const s of series) {
      const next = sum.map((n, i) => n + s.values[i]);
      layers.push([sum, next]);
      sum = next;
    }
  }
  const marks = [];
  if (spec.named && faults.length) marks.push({ label: "fault", cls: "faulty", key: "box", mute: true });
  if (spec.named && switches.length) marks.push({ label: "reload or restart of a cog", cls: "violet", key: "box diamond", mute: true });
  const format = spec.format;
  return chart(box, {
    ...spec,
    series: [...series, ...marks],
    height: (width) => (spec.plot || 200) + room(spec.named && width > WIDE) + 24,
    group: together,
    length: data.to.length,
    read(i) {
      return {
        when: `${moment(data.from[i])} to ${moment(data.to[i])}` + eventsAt(i),
        values: series.map((s) => s.values[i] === null ? "–" : format(s.values[i])),
      };
    },
    draw(root, width, height, log) {
      const named = spec.named && width > WIDE, top = room(named), bottom = height - 24;
      const x = (t) => LEFT + ((t - time.from) / (time.to - time.from || 1)) * (width - LEFT - RIGHT);
      const all = spec.stack ? layers.at(-1)[1] : series.flatMap((s) => s.values);
      const scale = log ? logarithmic(all, bottom, top) : linear(all, bottom, top, spec.whole);
      const behind = svg("g", {}, root);
      valueAxis(root, scale, width, format);
      const labels = events(behind, x, top, bottom, width, named);
      svg("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }, root);
      for (const t of timeTicks(width)) {
        svg("line", { class: "axis", x1: x(t), x2: x(t), y1: bottom, y2: bottom + 4 }, root);
        svg("text", { x: x(t), y: bottom + 17, "text-anchor": "middle" }, root, timeLabel(t));
      }
      series.forEach((s, k) => {
        const g = svg("g", { class: s.cls }, root);
        if (spec.stack) {
          svg("path", { class: "s", d: band(layers[k][0], layers[k][1], x, scale.at) }, g);
          return;
        }
        if (s.area) svg("path", { class: "a", d: band(s.values.map(() => 0), s.values, x, scale.at) }, g);
        svg("path", { class: "l " + (s.thin ? "thin " : "") + (s.key || ""), d: steps(s.values, x, scale.at) }, g);
      });
      root.append(...labels);
      return {
        top, bottom,
        extent: (i) => [x(data.from[i]), x(data.to[i])],
        find(px) {
          const t = time.from + ((px - LEFT) / (width - LEFT - RIGHT)) * (time.to - time.from);
          const i = data.to.findIndex((end) => end > t);
          return i < 0 ? data.to.length - 1 : i;
        },
      };
    },
  });
}

// ---- distributions

function percentiles(box) {
  const { response, service } = data;
  const both = [["response", "blue", response, ""], ["service", "red", service, "dashed"]].filter((b) => b[2]);
  const name = (x) => {
    const p = 100 * (1 - 10 ** -x);
    return p === 0 ? "p0" : "p" + Number(p.toFixed(Math.max(0, Math.ceil(x - 1.999) + (x < 3 ? 1 : 0))));
  };
  const points = response.points;
  const at = (d, i) => d.points[Math.min(i, d.points.length - 1)];
  chart(box, {
    title: "Percentiles", log: true,
    series: both.map(([label, cls, , key]) => ({ label, cls, key })),
    height: () => 290,
    length: points.length,
    read: (i) => ({
      when: i === points.length - 1 ? "slowest" : name(points[i][0]) + `, ${count(Math.round(response.count / 10 ** points[i][0]))} above`,
      values: both.map((b) => duration(at(b[2], i)[1])),
    }),
    draw(root, width, height, log) {
      const top = 8, bottom = height - 24;
      const end = Math.max(1, points.at(-1)[0]);
      const x = (v) => LEFT + (v / end) * (width - LEFT - RIGHT);
      const all = both.flatMap((b) => b[2].points.map((p) => p[1]));
      const scale = (log ? logarithmic : linear)(all, bottom, top);
      valueAxis(root, scale, width, duration);
      let last = -Infinity;
      for (const v of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        if (v > end) break;
        svg("line", { class: "grid", x1: x(v), x2: x(v), y1: top, y2: bottom }, root);
        const label = svg("text", { y: bottom + 17 }, root, v < 2 ? `${v * 90} %` : `99${v > 2 ? "." : ""}${"9".repeat(v - 2)} %`);
        const long = label.getComputedTextLength(), left = Math.min(x(v) - long / 2, width - long);
        set(label, { x: left });
        if (left < last + 8) label.remove();
        else last = left + long;
      }
      const line = (d) => d.points.map((p, i) => `${i ? "L" : "M"}${x(p[0]).toFixed(1)} ${scale.at(p[1]).toFixed(1)}`);
      if (both.length === 2) {
        const back = line(service).reverse().map((p) => "L" + p.slice(1)).join("");
        svg("path", { class: "a", d: line(response).join("") + back + "Z" }, svg("g", { class: "blue" }, root));
      }
      for (const [, cls, d, key] of both) svg("path", { class: "l " + key, d: line(d).join("") }, svg("g", { class: cls }, root));
      return {
        top, bottom,
        extent: (i) => [x(points[i][0]) - 1.5, x(points[i][0]) + 1.5],
        find: (px) => points.reduce((best, p, i) => Math.abs(x(p[0]) - px) < Math.abs(x(points[best][0]) - px) ? i : best, 0),
      };
    },
  });
}

function histogram(box) {
  const { bins, marks, count: total } = data.response;
  chart(box, {
    title: "How many calls took how long", log: true,
    series: [{ label: "", cls: "blue" }],
    height: () => 230,
    length: bins.length,
    read: (i) => ({
      when: `${duration(bins[i].from)} to ${duration(bins[i].to)}`,
      values: [`${count(bins[i].n)} (${digits((100 * bins[i].n) / total)} %)`],
    }),
    draw(root, width, height, log) {
      const top = 40, bottom = height - 24;
      const low = Math.log10(bins[0].from), high = Math.log10(bins.at(-1).to);
      const x = (ms) => LEFT + ((Math.log10(ms) - low) / (high - low || 1)) * (width - LEFT - RIGHT);
      const counts = bins.map((b) => b.n);
      const scale = log ? logarithmic([0.5, 2, ...counts], bottom, top) : linear(counts, bottom, top);
      if (log) scale.ticks = scale.ticks.filter((t) => t >= 1);
      valueAxis(root, scale, width, count);
      timesAxis(root, low, high, x, bottom);
      const g = svg("g", { class: "blue" }, root);
      for (const b of bins) {
        if (!b.n) continue;
        const y = scale.at(b.n);
        svg("rect", { fill: "currentColor", x: x(b.from) + 0.5, width: Math.max(x(b.to) - x(b.from) - 1, 1), y, height: Math.max(bottom - y, 1) }, g);
      }
      svg("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }, root);
      let last = -Infinity, lane = 0;
      for (const m of marks) {
        const at = x(clamp(m.at, bins[0].from, bins.at(-1).to));
        const label = svg("text", { class: "mark-text" }, root, `${m.name} ${duration(m.at)}`);
        const long = label.getComputedTextLength();
        const begin = at + 3 + long > width - RIGHT ? at - 3 - long : at + 3;
        lane = begin < last + 6 ? lane + 1 : 0;
        last = Math.max(last, begin + long);
        set(label, { x: begin, y: top - 2 - lane * 13 });
        svg("line", { class: "mark", x1: at, x2: at, y1: top - 2 - lane * 13, y2: bottom }, root);
      }
      return {
        top, bottom,
        extent: (i) => [x(bins[i].from), x(bins[i].to)],
        find(px) {
          const i = bins.findIndex((b) => x(b.to) > px);
          return i < 0 ? bins.length - 1 : i; // right of the last
        },
      };
    },
  });
}

// timesAxis draws a logarithmic axis of times, from left to right. It has ticks at 2
// and 5 if there is room for them.
function timesAxis(root, low, high, x, bottom) {
  const left = x(10 ** low), right = x(10 ** high), perDecade = (right - left) / (high - low || 1);
  const within = perDecade > 220 ? [1, 2, 5] : [1];
  let last = -Infinity;
  for (let e = Math.floor(low); e <= high; e++) {
    for (const m of within) {
      const ms = m * 10 ** e, at = x(ms);
      if (at < left - 1 || at > right + 1 || at - last < 50) continue;
      last = at;
      svg("line", { class: "axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 }, root);
      svg("text", { x: at, y: bottom + 17, "text-anchor": "middle" }, root, duration(ms));
    }
  }
}

// ---- cogs

// times draws a bar from p50 to p99 for the queue and the handler of each cog.
function times(box) {
  const cogs = data.times.slice(0, 20);
  const all = cogs.flatMap((c) => [...(c.queue || []), ...(c.handler || [])]).filter((v) => v > 0);
  const low = Math.log10(Math.min(...all, 1)) - 0.05, high = Math.max(Math.log10(largest(all) || 1) + 0.05, low + 0.5);
  chart(box, {
    title: "Queue against handler, p50 to p99", still: true,
    series: [{ label: "queue", cls: "e2", key: "box", mute: true }, { label: "handler", cls: "blue", key: "box", mute: true }],
    height: () => cogs.length * 44 + 30,
    draw(root, width, height) {
      const bottom = height - 24, left = width > WIDE ? 150 : LEFT, right = 130;
      const x = (ms) => left + ((Math.log10(ms) - low) / (high - low)) * (width - left - right);
      timesAxis(root, low, high, x, bottom);
      svg("line", { class: "axis", x1: left, x2: width - right, y1: bottom, y2: bottom }, root);
      cogs.forEach((c, i) => {
        const y = i * 44 + 8;
        const name = c.name.length > 20 ? c.name.slice(0, 19) + "…" : c.name;
        svg("text", { class: "name", x: 0, y: left > LEFT ? y + 22 : y + 4 }, root, name);
        [["e2", c.queue], ["blue", c.handler]].forEach(([cls, t], k) => {
          if (!t || !(t[1] > 0)) return;
          const a = x(Math.max(t[0], 10 ** low)), b = x(t[1]), top = y + 8 + k * 14;
          svg("rect", { fill: "currentColor", x: a, y: top, width: Math.max(b - a, 3), height: 10, rx: 2 }, svg("g", { class: cls }, root));
          svg("text", { x: Math.max(b, a + 3) + 6, y: top + 9 }, root, `${duration(t[0])} – ${duration(t[1])}`);
        });
      });
      return { top: 0, bottom };
    },
  });
}

// ---- the page

const rates = (label, cls, values, more) => ({ label, cls, values, ...more });
const draw = {
  latency: (box) => timeChart(box, {
    plot: 250, named: true, log: true, format: duration,
    series: [["slowest", "max"], ["p99", "p99"], ["p90", "p90"], ["p50", "p50"]].map(([label, cls]) => ({ label, cls, values: data[cls], thin: cls === "max" })),
  }),
  traffic: (box) => timeChart(box, {
    format: count,
    series: [
      rates("answered", "blue", data.answered, { area: true }),
      rates("sent", "grey", data.sent, { thin: true }),
      ...(data.wanted ? [rates("wanted", "p99", data.wanted, { key: "dashed" })] : []),
      rates("failed or unanswered", "red", data.failed.map((n, i) => n + data.unanswered[i]), { area: true, thin: true }),
    ],
  }),
  flight: (box) => timeChart(box, {
    title: "In flight", plot: 90, format: count, whole: true, series: [rates("", "blue", data.in_flight, { area: true })],
  }),
  errors: (box) => timeChart(box, {
    plot: 150, format: count, stack: true,
    series: data.errors.map((e, i) => ({ label: e.name, cls: "e" + i, key: "box", values: e.n })),
  }),
  percentiles, histogram, times,
  cogs(box) {
    for (const c of data.cogs) {
      timeChart(html("div", "chart", box), {
        title: c.name, name: "Calls in the cog " + c.name, plot: 90, format: count, whole: true,
        series: [rates("in flight", "blue", c.in_flight, { area: true }), rates("waiting", "e2", c.waiting), rates("held", "violet", c.held)],
      });
    }
  },
  lag: (box) => timeChart(box, { title: "Latest call", plot: 90, log: true, format: duration, series: [rates("", "blue", data.lag)] }),
  connections: (box) => timeChart(box, { title: "Connections", plot: 60, format: count, whole: true, series: [rates("", "blue", data.connections)] }),
};
for (const box of document.querySelectorAll("[data-chart]")) draw[box.dataset.chart](box);
})();
