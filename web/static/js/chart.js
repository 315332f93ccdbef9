import { el } from "./dom.js";
import { formatDay, formatMoment, formatTime, formatValue, tickLabels } from "./format.js";
import { css } from "./palette.js";

const uPlot = window.uPlot;
const height = 230;
const most = 10; // entries in the readout

const finite = (v) => (typeof v === "number" ? v : null);

/**
 * Draws one plot: the node in the text colour, its branches in theirs, all on one
 * scale. The same chart takes new data at each refresh; another shape makes
 * another uPlot.
 */
export class Chart {
	/** @param {function(number)} pin told the moment that was clicked */
	constructor(pin) {
		this.pin = pin;
		this.canvas = el("div", { class: "canvas", role: "img" });
		this.readout = el("div", { class: "readout", hidden: true });
		this.element = el("div", { class: "chart" }, this.canvas, this.readout);
		this.shape = "";
		new ResizeObserver(() => this.resize()).observe(this.element);
	}

	/**
	 * @param {Palette} palette the colours of its branches
	 */
	show(plot, palette) {
		this.plot = plot;
		this.palette = palette;
		const data = [plot.times.map((t) => t / 1000), ...plot.lines.map((l) => l.points.map(finite))];
		const colours = plot.lines.slice(1).map((l) => palette.of(l.name));
		const shape = JSON.stringify([plot.metric, plot.matchers, plot.by, plot.mode, plot.unit, plot.meaning, plot.lines.map((l) => l.name), colours]);
		this.canvas.setAttribute("aria-label", summary(plot));
		if (this.u && shape === this.shape) {
			this.u.setData(data);
			return;
		}
		this.clear();
		this.shape = shape;
		this.u = new uPlot(this.options(plot), data, this.canvas);
		this.u.over.addEventListener("click", () => {
			const i = this.u?.cursor.idx;
			if (typeof i === "number") this.pin(this.plot.times[i]);
		});
	}

	/** Draws again in the colours of another theme. */
	repaint() {
		this.shape = "";
		if (this.u) this.show(this.plot, this.palette);
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
		return { width: Math.max(this.element.clientWidth, 200), height };
	}

	colour(i) {
		return i === 0 ? css("--text") : css(this.palette.of(this.plot.lines[i].name) || "--faint");
	}

	options(plot) {
		const grid = { stroke: css("--grid"), width: 1 };
		const font = "11px system-ui, sans-serif";
		const axis = { stroke: css("--muted"), grid, ticks: { show: false }, font };
		const wide = (u, labels) => 16 + 6.6 * Math.max(...(labels || [""]).map((v) => v.length));
		return {
			...this.size(),
			padding: [12, 26, 0, 0],
			legend: { show: false },
			cursor: { points: { size: 6 }, drag: { x: false, y: false } },
			scales: { x: { time: true }, y: { range: (u, min, max) => range(min, max, plot) } },
			axes: [
				{ ...axis, size: 30, space: 70, values: (u, at) => at.map((t, i) => clock(t, at, i)) },
				{ ...axis, size: wide, values: (u, at) => tickLabels(at, plot.unit, plot.meaning), ...steps(plot.unit) },
			],
			series: [{}, ...plot.lines.map((l, i) => line(i, this.colour(i)))],
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
			el("div", { class: "when" }, formatTime(plot.times[idx])),
			...entries.slice(0, most + 1).map((e) => el("div", { class: "entry" },
				el("span", { class: "swatch", css: { background: this.colour(e.i) } }),
				el("span", { class: "name" }, e.i === 0 ? "all" : e.name),
				el("span", { class: "value" }, formatValue(e.value, plot.unit, plot.meaning)))));
		if (entries.length === 0) this.readout.append(el("div", { class: "when" }, "no data"));
		this.readout.hidden = false;
		const x = u.over.offsetLeft + left;
		const width = this.readout.offsetWidth;
		this.readout.style.left = `${x + width + 24 > this.element.clientWidth ? Math.max(x - width - 14, 0) : x + 14}px`;
	}
}

// summary says in words what the picture shows.
function summary(plot) {
	const points = plot.lines[0].points;
	const values = points.filter((p) => typeof p === "number");
	const text = (v) => formatValue(v, plot.unit, plot.meaning);
	const names = plot.lines.slice(1, 5).map((l) => l.name).join(", ");
	const range = values.length ? `between ${text(Math.min(...values))} and ${text(Math.max(...values))}, at last ${text(values.at(-1))}` : "without data";
	const branches = names ? `; with branches ${names}${plot.lines.length > 5 ? " and others" : ""}` : "";
	return `Plot of ${plot.metric} from ${formatMoment(plot.times[0])} to ${formatMoment(plot.times.at(-1))}: ${range}${branches}`;
}

function line(i, stroke) {
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
	const step = at.length > 1 ? at[1] - at[0] : 60;
	if (step >= 86400) return formatDay(d);
	const time = formatTime(t * 1000);
	if (step < 60) return time;
	const midnight = d.getHours() === 0 && d.getMinutes() === 0;
	return midnight && i > 0 ? formatDay(d) : time.slice(0, 5);
}
