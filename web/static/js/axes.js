import { el, short } from "./dom.js";
import { formatCount } from "./format.js";
import { axesOf } from "./key.js";

const levels = { good: "few values", watched: "many values", questioned: "too many values to look through" };
const ranks = [["", "declared order"], ["value", "uneven value"], ["change", "uneven change"]];

/**
 * The labels a node can be expanded along, with what that costs: how many
 * branches, how that number is judged, and whether the label was declared.
 * @param {Object} node with axes as children
 * @param {string} by the label chosen, "" for none
 */
export function chooser(ctx, node, by) {
	const axes = axesOf(node);
	if (axes.length === 0) return "";
	const id = "rank";
	return el("div", { class: "chooser" },
		el("div", { class: "choices", role: "group", "aria-label": "Expand by label" },
			el("span", { class: "caption", "aria-hidden": "true" }, "Split by"),
			choice(ctx, "", by),
			...axes.map((a) => choice(ctx, a, by))),
		axes.length > 1 && el("label", { class: "field", for: id }, "Rank by",
			el("select", { id, "data-set": "rank" }, ...ranks.map(([v, text]) => el("option", { value: v, selected: v === ctx.state.rank }, text)))));
}

function choice(ctx, axis, by) {
	const label = axis ? axis.label : "";
	const pressed = String(label === by);
	const props = { class: "choice", "aria-pressed": pressed, "data-href": ctx.href({ by: label, limit: "20" }), "data-row": `by:${label}`, "data-axis": label };
	if (!axis) return el("button", props, "nothing");
	const facts = axis.axis || {};
	const marks = [];
	if (facts.declared) marks.push(el("span", { class: "declared", title: "declared as an axis" }, "◆", hidden(" declared")));
	const said = [`${formatCount(axis.branches)} branches`, levels[facts.level], facts.near_unique ? "nearly every series has a value of its own" : ""];
	props.title = said.filter(Boolean).join("; ");
	props.class += ` level-${facts.level || "good"}`;
	if (typeof facts.uneven === "number") {
		props.title += `; unevenness ${facts.uneven.toFixed(2)} of 1`;
		marks.push(el("span", { class: "uneven", "aria-hidden": "true" }, el("span", { css: { width: `${Math.round(100 * facts.uneven)}%` } })));
	}
	return el("button", props, short(label, 60), el("span", { class: "count" }, formatCount(axis.branches)),
		facts.level && facts.level !== "good" && hidden(`, ${levels[facts.level]}`),
		facts.near_unique && el("span", { class: "unique" }, "near-unique"), ...marks);
}

const hidden = (text) => el("span", { class: "sr" }, text);

/**
 * The axis a node is shown by until another is chosen: the first in rank, unless
 * it would open more branches than can be looked through.
 */
export function firstAxis(node) {
	const axes = axesOf(node);
	const good = axes.find((a) => a.branches <= 100 && !a.axis?.near_unique);
	return good ? good.label : "";
}
