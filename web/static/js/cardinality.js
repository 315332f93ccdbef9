import { api } from "./api.js";
import { el, short } from "./dom.js";
import { formatCount, formatShare, plural } from "./format.js";
import { headOf } from "./head.js";
import { Icicle } from "./icicle.js";
import { axesOf, helpOf, keyOf, nodeOf, scopeName } from "./key.js";
import { morph } from "./morph.js";
import { column, tableOf } from "./parts.js";

const depth = 16; // levels of scopes read at once
const openMetrics = 4; // metrics whose labels are read without being asked for
const openLabels = 3; // labels whose values are
const values = 40; // of one label
const most = 6; // levels in the picture

/** The page that shows where the series are, down to the label that makes them. */
export class CardinalityPage {
	constructor(ctx) {
		this.ctx = ctx;
		this.head = el("div");
		this.icicle = new Icicle();
		this.verdict = el("div");
		this.text = el("div");
		this.progress = el("progress", { "aria-label": "Reading labels", hidden: true });
		this.element = el("div", { class: "page" }, this.head,
			el("section", { class: "card", "aria-label": "Cardinality" }, this.verdict, this.progress, this.icicle.element, legend(), this.text));
	}

	/** Reads level by level and draws after each. A refresh leaves the picture alone. */
	async show(state, signal, quiet) {
		if (quiet) return;
		const node = nodeOf(state.node);
		this.progress.hidden = false;
		try {
			if (node.type === "scope") await this.scope(node, state, signal);
			else await this.metric(node, state, signal);
		} finally {
			if (!signal.aborted) this.progress.hidden = true;
		}
	}

	async scope(node, state, signal) {
		const scope = await api.scope(node.path, { at: state.at, depth }, signal);
		this.ctx.notices("scope", scope.notices);
		const root = this.scopeItem(scope);
		const name = node.path === "" ? "All metrics" : scopeName(node.path);
		morph(this.head, headOf(this.ctx, { type: "scope", path: node.path }, { name }));
		this.draw(root);
		const metrics = leavesOf(root).sort((a, b) => b.count - a.count).slice(0, openMetrics);
		for (const item of metrics) {
			if (item.count < 2) break;
			item.children = await this.labels(item.node, state, signal);
			this.draw(root);
		}
		const worst = metrics[0]?.children?.toSorted((a, b) => b.size - a.size)[0];
		if (worst) {
			worst.children = await this.values(worst.node, worst.label, state, signal);
			this.draw(root);
		}
	}

	async metric(node, state, signal) {
		const full = await api.metric(node, { at: state.at }, signal);
		this.ctx.notices("metric", full.notices);
		const root = { ...this.leafItem(full), name: full.type === "value" ? full.name : full.path, children: this.axisItems(full) };
		morph(this.head, headOf(this.ctx, full, { name: full.path, help: helpOf(full) }));
		if (state.by) root.children = root.children.filter((c) => c.label === state.by);
		this.draw(root);
		for (const item of root.children.toSorted((a, b) => b.size - a.size).slice(0, openLabels)) {
			item.children = await this.values(item.node, item.label, state, signal);
			this.draw(root);
		}
	}

	scopeItem(scope) {
		return {
			id: keyOf(scope), node: scope, type: "scope", name: scope.path === "" ? "All metrics" : scopeName(scope.name), size: scope.series, count: scope.series, unit: "series",
			href: this.href(keyOf(scope)), children: (scope.children || []).filter((c) => c.type !== "ratio").map((c) => (c.type === "scope" ? this.scopeItem(c) : this.leafItem(c))),
		};
	}

	leafItem(node) {
		return { id: keyOf(node), node, type: node.type === "value" ? "value" : "metric", name: node.name, size: node.series, count: node.series, unit: "series", href: this.href(keyOf(node)) };
	}

	async labels(node, state, signal) {
		return this.axisItems(await api.metric(node, { at: state.at }, signal));
	}

	axisItems(full) {
		const metric = { type: "metric", path: full.path, matchers: full.matchers };
		return axesOf(full).map((a) => ({
			id: keyOf(a), node: metric, type: "label", label: a.label, name: a.label, size: a.branches, count: a.branches, unit: "values",
			level: a.axis?.level, unique: a.axis?.near_unique, href: this.ctx.at(keyOf(metric), { view: "cardinality", by: a.label }),
		}));
	}

	async values(node, label, state, signal) {
		const axis = await api.split(node, label, { at: state.at, limit: values }, signal);
		return (axis.children || []).map((c) => ({
			id: keyOf(c), type: c.type, name: c.name, size: c.series, count: c.series, unit: "series", href: this.href(keyOf(c.type === "other" ? { ...c, type: "metric" } : c)),
		}));
	}

	href(key) {
		return this.ctx.at(key, { view: "cardinality" });
	}

	draw(root) {
		const guilt = guiltOf(root);
		this.ctx.present(this);
		this.icicle.draw(root, guilt.way, Math.min(Math.max(guilt.depth + 1, 3), most));
		morph(this.verdict, el("h2", {}, "Where the series are"), this.sentence(root, guilt));
		morph(this.text, this.table(root));
	}

	sentence(root, { metric, label }) {
		if (!metric) return el("p", { class: "message" }, "There are no series here.");
		const parts = [];
		if (metric.id !== root.id) parts.push(this.ctx.link(short(metric.node.path, 100), metric.id, { view: "cardinality" }), ` holds ${formatCount(metric.count)} of ${plural(root.count, "series", "series")}, ${formatShare(metric.count / (root.count || 1))}. `);
		if (label) {
			const judged = { questioned: ": too many to look through, ask whether it belongs into a label", watched: ": watch it" }[label.level] || "";
			parts.push(metric.id === root.id ? "Its label " : "There the label ", el("a", { href: label.href, class: `level-${label.level || "good"}` }, short(label.label, 60)), ` has the most values, ${formatCount(label.count)}${judged}.`, label.unique ? " Nearly every series has a value of its own." : "");
		}
		if (root.node.omitted) parts.push(` ${plural(root.node.omitted, "entry is", "entries are")} not drawn.`);
		return el("p", { class: "verdict" }, ...parts);
	}

	// table says what the picture shows.
	table(root) {
		const rows = [...(root.children || [])].sort((a, b) => b.size - a.size);
		if (rows.length === 0) return "";
		return el("details", { class: "alternative" }, el("summary", {}, "As a table"), tableOf("What the picture shows",
			[column("Name"), column("What"), column("Size", true), column(`Of ${short(root.name, 40)}`, true)],
			rows.slice(0, 200).map((r) => el("tr", { "data-row": r.id },
				el("th", { scope: "row" }, el("a", { href: r.href }, short(r.name, 100))), el("td", { class: "dim" }, r.level ? `${r.type}, ${r.level}` : r.type),
				el("td", { class: "num" }, `${formatCount(r.count)} ${r.unit}`), el("td", { class: "num dim" }, r.unit === "series" ? formatShare(r.count / (root.count || 1)) : "–")))));
	}
}

const leavesOf = (item) => (item.type === "metric" ? [item] : (item.children || []).flatMap(leavesOf));

// guiltOf finds the largest metric, its label with the most values, and the boxes
// on the way there.
function guiltOf(root) {
	const top = (items) => (items || []).reduce((best, c) => (!best || c.size > best.size ? c : best), null);
	const metric = root.type === "scope" ? top(leavesOf(root)) : root;
	const label = metric ? top((metric.children || []).filter((c) => c.type === "label")) : null;
	const way = new Set([metric?.id, label?.id]);
	// depth is how many levels there are down to the label, or to the metric.
	const inside = (item) => {
		if (item.id === metric?.id) return label ? 2 : 1;
		const below = Math.max(0, ...(item.children || []).map(inside));
		if (below) way.add(item.id);
		return below && below + 1;
	};
	return { metric, label, way, depth: inside(root) };
}

function legend() {
	const entry = (kind, text) => el("li", {}, el("span", { class: `key ${kind}`, "aria-hidden": "true" }), text);
	return el("ul", { class: "legend" }, entry("type-scope", "scope"), entry("type-metric", "metric"), entry("type-label level-good", "label, few values"),
		entry("type-label level-watched", "10 and more"), entry("type-label level-questioned", "over 100: questioned"), entry("type-value", "value"));
}
