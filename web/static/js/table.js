import { el, short } from "./dom.js";
import { formatCount, formatValue, plural } from "./format.js";
import { changeOf, quantileName, roleOf } from "./head.js";
import { keyOf } from "./key.js";
import { shareCell, tableOf } from "./parts.js";
import { sparkline } from "./spark.js";

const number = (v) => (typeof v === "number" ? v : -Infinity);

const orders = {
	name: (c) => c.name,
	value: (c) => number(c.reading?.value),
	share: (c) => number(c.share),
	change: (c) => number(c.change?.delta),
	series: (c) => c.series,
};

/**
 * The branches of an axis: value, part of the whole, change, shape and series,
 * and under them whether they fold to their parent.
 * @param {Object} parent the node that is expanded
 * @param {Object} axis the answer of split
 * @param {?Object} plot lines to draw small
 */
export function branches(ctx, parent, axis, plot) {
	const children = axis.children || [];
	if (children.length === 0) return el("p", { class: "message" }, "No branch has any data.");
	const columns = columnsOf(ctx, parent, axis, plot);
	const rows = sorted(children, ctx.state.sort);
	const shown = children.filter((c) => c.type === "value").length;
	return el("div", {},
		tableOf(`Branches by ${axis.label}`, columns.map((c) => heading(ctx, c)),
			[whole(columns, axis), ...rows.map((c) => el("tr", { "data-row": keyOf(c), class: c.type }, ...columns.map((k) => k.cell(c))))]),
		el("div", { class: "tablefoot" }, reconcile(axis), more(ctx, axis, shown)));
}

function columnsOf(ctx, parent, axis, plot) {
	const children = axis.children || [];
	const ratio = parent.ratio !== undefined && parent.ratio !== null;
	const lines = new Map((plot ? plot.lines.slice(1) : []).map((l) => [l.name, l.points]));
	const columns = [{ sort: "name", title: axis.label, cell: (c) => nameCell(ctx, c) }];
	columns.push({ sort: "value", title: valueTitle(parent, axis), num: true, cell: (c) => el("td", { class: c.error ? "num error" : "num strong", title: c.error || null }, c.error ? "error" : c.reading?.text || "–") });
	if (ratio) {
		columns.push({ title: "Numerator", num: true, dim: true, cell: (c) => cell(c.ratio?.numerator_sum?.text) });
		columns.push({ title: "Denominator", num: true, dim: true, cell: (c) => cell(c.ratio?.denominator_sum?.text) });
	}
	for (const q of quantilesOf(children)) columns.push({ title: quantileName(q), num: true, cell: (c) => el("td", { class: "num" }, (c.reading?.quantiles || []).find((x) => x.q === q)?.text || "–") });
	if (children.some((c) => typeof c.share === "number")) columns.push({ sort: "share", title: "Share", num: true, cell: (c) => shareCell(c.share) });
	if (children.some((c) => c.change)) columns.push({ sort: "change", title: "Change", num: true, cell: (c) => el("td", { class: "num" }, c.change ? changeOf(c.change, roleOf(parent)) : "–") });
	if (lines.size > 0) columns.push({ title: "Trend", cell: (c) => el("td", { class: "trend" }, c.type === "value" && lines.has(c.name) ? sparkline(lines.get(c.name), ctx.palette.of(c.name)) : "") });
	columns.push({ sort: "series", title: "Series", num: true, cell: (c) => el("td", { class: "num dim" }, formatCount(c.series)) });
	if (children.some((c) => c.reading?.query)) columns.push({ title: "", label: "Query", cell: (c) => el("td", { class: "tool" }, c.reading?.query ? ctx.query.button(c, "{ }", short(c.name, 60)) : "") });
	return columns;
}

const cell = (text) => el("td", { class: "num dim" }, text || "–");

function quantilesOf(children) {
	const qs = new Set();
	for (const c of children) for (const q of c.reading?.quantiles || []) qs.add(q.q);
	return [...qs].sort();
}

function valueTitle(parent, axis) {
	if (parent.ratio) return "Ratio";
	const meaning = axis.reading?.meaning;
	const observes = ["histogram", "summary"].includes(parent.family?.kind);
	if (observes) return meaning === "total" ? "Observations" : "Observations/s";
	return meaning === "rate" ? "Rate" : meaning === "total" ? "Total" : "Value";
}

function heading(ctx, column) {
	const props = { scope: "col", class: column.num ? "num" : "" };
	if (!column.sort) return el("th", props, column.title || el("span", { class: "sr" }, column.label || ""));
	const { sort } = ctx.state;
	const down = sort === `-${column.sort}`;
	const up = sort === column.sort;
	const first = column.sort === "name" ? "name" : `-${column.sort}`;
	const second = column.sort === "name" ? "-name" : column.sort;
	props["aria-sort"] = down ? "descending" : up ? "ascending" : null;
	const next = sort === first ? second : sort === second ? "" : first;
	return el("th", props, el("button", { class: "sort", "data-href": ctx.href({ sort: next }), "data-sort": column.sort },
		short(column.title, 40), el("span", { "aria-hidden": "true", class: "arrow" }, down ? "↓" : up ? "↑" : "")));
}

function sorted(children, sort) {
	if (!sort) return children;
	const by = orders[sort.replace("-", "")];
	const sign = sort.startsWith("-") ? -1 : 1;
	const order = (a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0);
	return [...children.filter((c) => c.type === "value").sort(order), ...children.filter((c) => c.type !== "value")];
}

function nameCell(ctx, c) {
	const colour = c.type === "value" ? ctx.palette.of(c.name) : "";
	const swatch = el("span", { class: "swatch", "aria-hidden": "true", css: colour ? { background: `var(${colour})` } : {} });
	const unset = c.type === "value" && c.matchers.at(-1).value === "";
	const text = short(c.name, 120);
	const name = c.type === "value" ? ctx.link(text, keyOf(c), {}, { class: unset ? "unset" : null }) : el("span", { class: "dim" }, text);
	return el("th", { scope: "row", title: short(c.name, 1000) }, swatch, name,
		(c.warnings || []).length > 0 && el("span", { class: "warn", title: short(c.warnings.join("\n"), 1000), role: "img", "aria-label": `Warning: ${short(c.warnings.join("; "), 300)}` }, "!"));
}

// whole is the parent in the columns of its branches.
function whole(columns, axis) {
	const parent = { ...axis, type: "whole", name: "all", share: null };
	return el("tr", { class: "whole", "data-row": "whole" }, ...columns.map((c, i) => (i === 0 ? el("th", { scope: "row" }, el("span", { class: "swatch", "aria-hidden": "true", css: { background: "var(--text)" } }), "all") : c.label === "Query" ? el("td", {}) : c.title === "Share" ? el("td", {}) : c.cell(parent))));
}

// reconcile says whether the branches fold to their parent.
function reconcile(axis) {
	const { check } = axis;
	if (!check) return "";
	return el("p", { class: check.holds ? "reconcile" : "reconcile off" }, el("span", { "aria-hidden": "true" }, check.holds ? "✓ " : "≠ "), check.text,
		!check.holds && typeof check.difference === "number" && `: a difference of ${formatValue(check.difference)}`);
}

function more(ctx, axis, shown) {
	const total = axis.branches || shown;
	const limit = Number(ctx.state.limit);
	if (shown >= total) return limit > 20 && total > 20 ? el("p", { class: "shown" }, `all ${formatCount(total)} `, button(ctx, 20, "show 20")) : el("p", { class: "shown" }, plural(total, "branch", "branches"));
	return el("p", { class: "shown" }, `${formatCount(shown)} of ${formatCount(total)} `, limit < 100 && shown >= limit && button(ctx, 100, "show 100"));
}

const button = (ctx, limit, text) => el("button", { class: "small", "data-href": ctx.href({ limit: String(limit) }) }, text);
