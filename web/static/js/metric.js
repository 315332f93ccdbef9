import { baselineOf } from "./address.js";
import { api } from "./api.js";
import { chooser, firstAxis } from "./axes.js";
import { Chart } from "./chart.js";
import { el } from "./dom.js";
import { formatDuration, plural } from "./format.js";
import { figures, headOf, quantileName } from "./head.js";
import { axesOf, helpOf, nodeOf } from "./key.js";
import { morph } from "./morph.js";
import { alarm, retry } from "./parts.js";
import { branches } from "./table.js";

const quantiles = [0.5, 0.9, 0.95, 0.99, 0.999];
const lines = 20; // of the plot; the table's shapes come from it too

/** The page of a metric, a ratio, or a branch of one: plot and branches. */
export class MetricPage {
	constructor(ctx) {
		this.ctx = ctx;
		this.chart = new Chart((ms) => ctx.pin(ms));
		this.head = el("div");
		this.controls = el("div");
		this.plotHead = el("div", { class: "cardhead" });
		this.plotNote = el("p", { class: "plotnote" });
		this.plotBox = el("section", { class: "card plot", "aria-label": "Over time" }, this.plotHead, this.chart.element, this.plotNote);
		this.table = el("section", { class: "card", "aria-label": "Branches" });
		this.element = el("div", { class: "page" }, this.head, this.controls, this.plotBox, this.table);
		this.shown = "";
	}

	/**
	 * Reads and draws what the state asks for.
	 * @param {boolean} quiet for a refresh: what cannot be read anew stays as it is
	 */
	async show(state, signal, quiet) {
		const node = nodeOf(state.node);
		const early = state.by === null ? null : this.read(node, state.by, state, signal);
		const full = await api.metric(node, { at: state.at, baseline: baselineOf(state), rank: state.rank }, signal);
		const axes = axesOf(full).map((a) => a.label);
		const by = state.by === null ? firstAxis(full) : axes.includes(state.by) ? state.by : "";
		this.ctx.notices("metric", full.notices);
		this.drawHead(full, by);
		this.ctx.present(this);
		this.await(`${state.node} ${by}`);
		const [axis, plot] = await (early && by === state.by ? early : this.read(node, by, state, signal));
		if (signal.aborted) return;
		this.drawPlot(full, plot, by, quiet);
		this.drawTable(full, axis, plot.value, by, quiet);
		const failed = [axis, plot].find((r) => r.reason && r.reason.status !== 501);
		if (quiet && failed) throw failed.reason;
	}

	read(node, by, state, signal) {
		const options = { at: state.at, mode: state.mode };
		return Promise.allSettled([
			by ? api.split(node, by, { ...options, baseline: baselineOf(state), limit: state.limit }, signal) : null,
			api.plot(node, by, { ...options, window: state.window, quantile: state.stat, lines }, signal).catch((err) => {
				// A quantile stays in the address from one node to the next, which may have none.
				if (state.stat && err.status === 400) return api.plot(node, by, { ...options, window: state.window, lines }, signal);
				throw err;
			}),
		]);
	}

	// await shows that branches are on their way when others were shown before.
	await(shown) {
		if (shown === this.shown) return;
		this.shown = shown;
		this.drawn = null;
		this.chart.clear();
		this.chart.element.hidden = false;
		this.plotNote.textContent = "";
		this.plotBox.classList.add("loading");
		morph(this.table, el("p", { class: "message late" }, "Loading …"));
	}

	drawHead(node, by) {
		const { ctx } = this;
		// That there is nothing to compare with is a warning only to who asked.
		const asked = (w) => ctx.state.baseline || !w.startsWith("no comparison");
		const all = node.warnings || [];
		morph(this.head, headOf(ctx, { ...node, warnings: all.filter(asked) }, {
			note: all.find((w) => !asked(w)), name: node.path, help: helpOf(node),
			value: figures(ctx, node),
			query: el("div", { class: "actions" },
				el("a", { class: "action primary", href: ctx.href({ view: "explain" }) }, "Explain the change"),
				node.reading?.query ? ctx.query.button(node, "Show query", node.path) : ""),
		}));
		morph(this.controls, chooser(ctx, node, by));
	}

	drawPlot(node, plot, by, quiet) {
		const { ctx } = this;
		this.plotBox.classList.remove("loading");
		morph(this.plotHead, el("h2", {}, `${by ? `By ${by}` : "Over time"}`, el("span", { class: "dim" }, ` last ${formatDuration(ctx.state.window)}`)), ...this.options(node));
		if (plot.reason) {
			if (quiet && plot.reason.status !== 501) return;
			this.chart.clear();
			this.chart.element.hidden = true;
			this.plotNote.textContent = plot.reason.message;
			return;
		}
		const value = plot.value;
		const some = value.lines.some((l) => l.points.some((p) => typeof p === "number"));
		ctx.palette.use(`${ctx.state.node} ${by}`, value.lines.slice(1, 11).map((l) => l.name));
		this.chart.element.hidden = !some;
		const drawn = { ...value, lines: value.lines.slice(0, 11) };
		if (some) this.chart.show(drawn, ctx.palette);
		else this.chart.clear();
		const left = (value.omitted || 0) + value.lines.length - drawn.lines.length;
		this.plotNote.textContent = some ? (left ? `${plural(left, "smaller branch", "smaller branches")} not drawn` : "") : "No data in this range yet.";
	}

	// options are what a plot of a histogram or of a ratio can show.
	options(node) {
		const { ctx } = this;
		const choice = (change, on, text) => el("button", { class: "segment", "aria-pressed": String(on), "data-href": ctx.href(change) }, text);
		if (node.family?.kind === "histogram") {
			return [el("div", { class: "segments", role: "group", "aria-label": "Quantile" }, choice({ stat: "" }, ctx.state.stat === "", "rate"),
				...quantiles.map((q) => choice({ stat: String(q) }, ctx.state.stat === String(q), quantileName(q))))];
		}
		if (node.ratio) {
			return [el("div", { class: "segments", role: "group", "aria-label": "Ratio of each branch" },
				choice({ mode: "" }, ctx.state.mode === "", "within group"), choice({ mode: "share" }, ctx.state.mode === "share", "share of whole"))];
		}
		return [];
	}

	drawTable(node, axis, plot, by, quiet) {
		this.table.hidden = !by;
		if (!by) return;
		if (axis.reason) {
			if (quiet) return;
			morph(this.table, alarm(axis.reason.message), retry("Try again"));
			return;
		}
		this.ctx.notices("split", axis.value.notices);
		this.drawn = [node, axis, plot, by, quiet];
		morph(this.table, branches(this.ctx, node, axis.value, plot));
	}

	/** Draws the branches in another order, if they are there. */
	reorder() {
		if (this.drawn) this.drawTable(...this.drawn);
	}

	/** Draws the plot in the colours of another theme. */
	repaint() {
		this.chart.repaint();
	}
}
