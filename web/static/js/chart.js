import { el, setText } from "./dom.js";
import { formatValue, tickLabels } from "./format.js";

const uPlot = window.uPlot;

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colour = (i) => css(`--line-${i % 10}`);

const finite = (v) => (typeof v === "number" ? v : null);

// Chart draws one plot: the node in the text colour, its branches in theirs. The
// same chart takes new data at each refresh; another shape makes another uPlot.
export class Chart {
  constructor() {
    this.canvas = el("div", { class: "canvas" });
    this.readout = el("div", { class: "readout", hidden: true });
    this.element = el("div", { class: "chart" }, this.canvas, this.readout);
    this.shape = "";
    new ResizeObserver(() => this.resize()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.shape = "";
      if (this.plot) this.show(this.plot);
    });
  }

  show(plot) {
    this.plot = plot;
    const data = [plot.times.map((t) => t / 1000), ...plot.lines.map((l) => l.points.map(finite))];
    const shape = JSON.stringify([plot.metric, plot.matchers, plot.by, plot.unit, plot.meaning, plot.lines.map((l) => l.name)]);
    if (this.u && shape === this.shape) {
      this.u.setData(data);
      return;
    }
    this.clear();
    this.shape = shape;
    this.u = new uPlot(this.options(plot), data, this.canvas);
    const names = plot.lines.map((l) => l.name).slice(0, 4).join(", ");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `Plot over time of ${names}${plot.lines.length > 4 ? " and others" : ""}`);
  }

  clear() {
    if (this.u) this.u.destroy();
    this.u = null;
    this.shape = "";
    this.readout.hidden = true;
  }

  resize() {
    if (this.u) this.u.setSize(this.size());
  }

  size() {
    return { width: Math.max(this.element.clientWidth, 200), height: 260 };
  }

  options(plot) {
    const text = css("--muted");
    const grid = { stroke: css("--grid"), width: 1 };
    const font = "11px system-ui, sans-serif";
    const axis = { stroke: text, grid, ticks: { show: false }, font };
    return {
      ...this.size(),
      padding: [12, 16, 0, 0],
      legend: { show: false },
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      scales: { x: { time: true }, y: { range: (u, min, max) => range(min, max, plot) } },
      axes: [
        { ...axis, size: 30, space: 70, values: (u, at) => at.map((t, i) => clock(t, at, i)) },
        { ...axis, size: (u, values) => 16 + 6.4 * Math.max(...(values || [""]).map((v) => v.length)), values: (u, at) => tickLabels(at, plot.unit, plot.meaning), ...steps(plot.unit) },
      ],
      series: [{}, ...plot.lines.map((l, i) => line(i))],
      hooks: { setCursor: [(u) => this.point(u)] },
    };
  }

  // point writes the values under the cursor.
  point(u) {
    const { idx, left } = u.cursor;
    if (idx === null || idx === undefined || left < 0) {
      this.readout.hidden = true;
      return;
    }
    const { plot } = this;
    const entries = plot.lines
      .map((l, i) => ({ i, name: l.name, value: finite(l.points[idx]) }))
      .filter((e) => e.value !== null)
      .sort((a, b) => (a.i === 0 ? -1 : b.i === 0 ? 1 : b.value - a.value));
    this.readout.replaceChildren(
      el("div", { class: "when" }, new Date(plot.times[idx]).toLocaleTimeString([], { hour12: false })),
      ...entries.map((e) => {
        const swatch = el("span", { class: "swatch" });
        swatch.style.background = e.i === 0 ? css("--text") : colour(e.i - 1);
        return el("div", { class: "entry" }, swatch, el("span", { class: "name" }, e.i === 0 ? "all" : e.name),
          el("span", { class: "value" }, formatValue(e.value, plot.unit, plot.meaning)));
      }));
    if (entries.length === 0) this.readout.append(el("div", { class: "when" }, "no data"));
    this.readout.hidden = false;
    const x = u.over.offsetLeft + left;
    const width = this.readout.offsetWidth;
    this.readout.style.left = `${x + width + 24 > this.element.clientWidth ? Math.max(x - width - 14, 0) : x + 14}px`;
  }
}

function line(i) {
  const stroke = i === 0 ? css("--text") : colour(i - 1);
  return { stroke, width: i === 0 ? 2 : 1.5, points: { show: (u, s) => isolated(u.data[s]), size: 4, fill: stroke } };
}

// isolated reports whether a line would be invisible without its points.
function isolated(points) {
  let run = 0;
  for (const p of points) {
    run = p === null ? 0 : run + 1;
    if (run > 1) return false;
  }
  return true;
}

// range starts at zero unless the values lie far from it.
function range(min, max, plot) {
  if (min === null || max === null) return [0, 1];
  if (plot.unit === "timestamp") return min === max ? [min - 1, max + 1] : [min, max];
  if (min === max) return max === 0 ? [0, 1] : max > 0 ? [0, max * 1.25] : [max * 1.25, 0];
  const pad = (max - min) * 0.08;
  if (min >= 0 && min > max * 0.8) return [min - pad, max + pad];
  return [min >= 0 ? 0 : min - pad, max <= 0 ? 0 : max + pad];
}

// steps makes bytes step in powers of two.
function steps(unit) {
  if (unit !== "bytes") return {};
  const incrs = [];
  for (let e = 0; e < 50; e++) incrs.push(2 ** e);
  return { incrs };
}

function clock(t, at, i) {
  const d = new Date(t * 1000);
  const two = (n) => String(n).padStart(2, "0");
  const step = at.length > 1 ? at[1] - at[0] : 60;
  if (step >= 86400) return d.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  if (step < 60) return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
  const midnight = d.getHours() === 0 && d.getMinutes() === 0;
  return midnight && i > 0 ? d.toLocaleDateString("en-GB", { day: "numeric", month: "short" }) : time;
}
