import { baselineOf } from "./address.js";
import { el, short } from "./dom.js";
import { formatPercent, formatDuration, plural } from "./format.js";
import { keyOf, keyWith, rootKey, scopeName } from "./key.js";
import { alarm, figure } from "./parts.js";

/**
 * The way to a node as pills: scopes, the metric, and each matcher with a cross
 * that takes it away. The order of matchers is presentation only.
 * @param {{type: string, path: string, matchers: ?Array}} node
 */
export function crumbs(ctx, node) {
	const matchers = node.matchers || [];
	const scopes = ctx.namespace.chain(node.path);
	const items = [pill(ctx, "All metrics", rootKey, node.type === "scope" && node.path === "")];
	for (const s of scopes) items.push(pill(ctx, scopeName(s.name), keyOf(s), false));
	if (node.type === "scope") {
		if (node.path !== "") items.push(pill(ctx, scopeName(node.path.slice(scopes.at(-1)?.path.length || 0)), "", true));
	} else {
		items.push(pill(ctx, node.path.slice(scopes.at(-1)?.path.length || 0), keyWith(node, []), matchers.length === 0));
	}
	matchers.forEach((m, i) => {
		const rest = matchers.filter((_, j) => j !== i);
		const text = matcherText(m);
		items.push(el("li", { class: "pill where" },
			ctx.link(short(text, 60), keyWith(node, [m]), {}, { title: `Only ${short(text, 300)}` }),
			ctx.link("×", keyWith(node, rest), { by: m.name, view: ctx.state.view }, { class: "remove", "aria-label": `Remove ${short(text, 60)}` })));
	});
	return el("nav", { class: "crumbs", "aria-label": "Path" }, el("ol", {}, ...items));
}

function pill(ctx, text, key, current) {
	return el("li", { class: "pill" }, current ? el("span", { "aria-current": "page", title: text }, text) : ctx.link(text, key, {}, { title: text }));
}

/** A matcher for people: label = value, or that the label is not set. */
export const matcherText = (m) => (m.value === "" ? `no ${m.name}` : `${m.name} = ${m.value}`);

/** What a node is: kind, unit, fold and role, and which of it was only inferred. */
function facts(node) {
	const chips = [];
	if (node.type === "ratio" || node.ratio) {
		chips.push(chip("ratio"), el("span", { class: "fact" }, el("code", {}, short(node.ratio.numerator, 200)), " ÷ ", el("code", {}, short(node.ratio.denominator, 200))));
		if (node.ratio.role) chips.push(chip(`signal: ${node.ratio.role}`));
	} else if (node.family) {
		const { kind, unit, fold, inferred, role } = node.family;
		chips.push(chip(kind, inferred.kind, "kind"), unit && chip(unit, inferred.unit, "unit"));
		if (kind === "gauge" || kind === "unknown") chips.push(chip(`folds by ${fold}`, inferred.fold, "fold"));
		if (role) chips.push(chip(`signal: ${role}`));
	}
	const fixed = (node.children || []).filter((a) => a.type === "axis" && a.branches <= 1).map((a) => a.label);
	return el("div", { class: "facts" }, ...chips, el("span", { class: "fact" }, plural(node.series, "series", "series")),
		fixed.length > 0 && el("span", { class: "fact" }, `one value only: ${short(fixed.join(", "), 200)}`));
}

function chip(text, inferred, what) {
	return el("span", { class: inferred ? "chip inferred" : "chip", title: inferred ? `This ${what} was not declared; it is inferred from the name or type.` : "" },
		text, inferred && el("em", {}, " inferred"));
}

const meanings = {
	rate: "per second", total: "since the start of counting", sum: "sum", min: "lowest", max: "highest", avg: "mean", single: "value of the only series",
	none: "no common value: these series are not folded", ratio: "numerator ÷ denominator",
};

function meaningOf(node) {
	const { meaning } = node.reading;
	const observes = node.family && (node.family.kind === "histogram" || node.family.kind === "summary");
	if (observes) return meaning === "rate" ? "observations per second" : meaning === "total" ? "observations since the start" : meanings[meaning];
	if (["sum", "min", "max", "avg"].includes(meaning)) return `${meanings[meaning]} of ${plural(node.series, "series", "series")}`;
	return meanings[meaning] || meaning;
}

/** The value of a node, large, with what goes with it: sums, quantiles, change. */
export function figures(ctx, node) {
	if (node.error) return alarm(node.error);
	const { reading: r } = node;
	if (!r) return el("p", { class: "message" }, "No value yet.");
	if (node.type === "value" && node.series === 0 && r.value === null) {
		return el("p", { class: "message", role: "alert" }, "No series has these labels now; it may have stopped reporting. ", ctx.link("Back to the metric", keyWith(node, [])));
	}
	const parts = [figure(r.text, meaningOf(node), "", "hero")];
	for (const q of r.quantiles || []) parts.push(figure(q.text, quantileName(q.q)));
	if (node.ratio?.numerator_sum) {
		parts.push(el("div", { class: "fraction" },
			el("div", {}, el("b", {}, node.ratio.numerator_sum.text), el("span", { class: "label" }, " numerator")),
			el("div", { class: "over" }, el("b", {}, node.ratio.denominator_sum?.text || "–"), el("span", { class: "label" }, ctx.state.mode === "share" ? " denominator (of the parent)" : " denominator"))));
	}
	if (node.change) {
		parts.push(figure(changeOf(node.change, roleOf(node)), `from ${node.change.before.value === null ? "no data" : node.change.before.text}, ${formatDuration(baselineOf(ctx.state))} before`));
	}
	return el("div", { class: "figures" }, ...parts);
}

/** The name of a quantile: p99 for 0.99. */
export const quantileName = (q) => `p${Number((q * 100).toPrecision(6))}`;

/** The golden signal that a node is declared to be, "" for none. */
export const roleOf = (node) => node.ratio?.role || node.family?.role || "";

/**
 * A change with its sign. Up is worse for errors and saturation; of the rest nobody
 * said what is better.
 */
export function changeOf(change, role) {
	const rounding = typeof change.percent === "number" && Math.abs(change.percent) < 1e-7;
	const delta = typeof change.delta === "number" && !rounding ? change.delta : 0;
	const bad = ["errors", "saturation"].includes(role);
	const tone = delta === 0 || !bad ? "" : delta > 0 ? " worse" : " better";
	const sign = delta > 0 ? "▲ " : delta < 0 ? "▼ " : "";
	const percent = formatPercent(change.percent);
	return el("span", { class: `change${tone}` }, sign && el("span", { "aria-hidden": "true" }, sign), rounding ? "0" : change.text || "–",
		percent && !rounding && el("span", { class: "percent" }, ` ${percent}`));
}

/** The ways to look at a node, as links. */
function views(ctx, node) {
	const scope = node.type === "scope";
	const list = [["", "Overview"], ...(scope ? [] : [["explain", "Explain"]]), ["cardinality", "Cardinality"]];
	return el("nav", { class: "views", "aria-label": "Views" }, ...list.map(([view, text]) =>
		el("a", { href: ctx.href({ view }), "aria-current": ctx.state.view === view ? "page" : null }, text)));
}

/** What is wrong with a node's number or labels, in sight. */
export function warnings(list) {
	if (!list || list.length === 0) return "";
	return el("ul", { class: "warnings" }, ...list.map((w) => el("li", {}, short(w, 600))));
}

/** The top of every page about a node. */
export function headOf(ctx, node, { name, help, value, query, note }) {
	return el("header", { class: "head" },
		crumbs(ctx, node),
		el("div", { class: "titleline" }, el("h1", { tabIndex: -1 }, name), views(ctx, node)),
		node.family || node.ratio ? facts(node) : "",
		help ? el("p", { class: "help" }, short(help, 2000)) : "",
		value || query ? el("div", { class: "valueline" }, value || "", query || "") : "",
		note ? el("p", { class: "label" }, short(note, 300)) : "",
		warnings(node.warnings));
}
