import { el } from "./dom.js";
import { column, tableOf } from "./parts.js";

/**
 * Draws how the value went from before to after: a bar for each branch that starts
 * where the one above ended, and one for the rest, so that they visibly add up.
 * @param {function(Object): {name: Node, facts: Node[], text: string, percent: string}} describe
 */
export function waterfall(e, describe) {
	const steps = [];
	let at = e.before_value;
	for (const b of [...(e.branches || []), ...(e.remainder ? [e.remainder] : [])]) {
		steps.push({ branch: b, from: at, to: at + b.contribution });
		at += b.contribution;
	}
	const ends = [e.before_value, e.after_value, ...steps.flatMap((s) => [s.from, s.to])].filter((v) => typeof v === "number");
	let low = Math.min(...ends);
	const high = Math.max(...ends);
	if (low > 0 && low < 0.5 * high) low = 0;
	const place = (v) => (100 * (v - low)) / (high - low || 1);
	const base = place(low > 0 ? low : Math.max(low, 0));
	return tableOf("Contributions to the change, in order",
		[column("Branch"), el("th", { scope: "col", class: "picture" }, el("span", { class: "sr" }, "Picture")), column("Contribution", true), column("Of the change", true)],
		[end("before", e.before_text, base, place(e.before_value)), ...steps.map((s, i) => step(s, i, place, describe(s.branch), i < (e.branches || []).length)),
			end("after", e.after_text, base, place(e.after_value))], "waterfall");
}

function end(name, text, from, to) {
	return el("tr", { class: "end" }, el("th", { scope: "row" }, name), el("td", { class: "picture", "aria-hidden": "true" }, bar("whole", from, to)),
		el("td", { class: "num" }, text), el("td", {}));
}

function step({ branch, from, to }, i, place, { name, facts, text, percent }, ranked) {
	const kind = !ranked ? "rest" : to >= from ? "up" : "down";
	return el("tr", { class: "step", "data-row": ranked ? `b${i}` : "rest" },
		el("th", { scope: "row" }, el("div", { class: "ranked" }, el("span", { class: "rank" }, ranked ? String(i + 1) : ""), el("div", {}, name, el("div", { class: "label partfacts" }, ...facts)))),
		el("td", { class: "picture", "aria-hidden": "true" }, split(branch, kind, place(from), place(to)), el("span", { class: "join", css: { left: `${place(to)}%` } })),
		el("td", { class: "num strong" }, text), el("td", { class: "num" }, percent));
}

// split shows of a ratio's bar which part is rate, and which mix, where both go
// the same way.
function split(branch, kind, from, to) {
	const { rate, mix, contribution } = branch;
	if (kind === "rest" || !rate || !mix || rate * mix < 0) return bar(kind, from, to);
	const middle = from + ((to - from) * rate) / contribution;
	return el("span", {}, bar(kind, from, middle), bar(`${kind} mix`, middle, to));
}

function bar(kind, from, to) {
	const left = Math.min(from, to);
	return el("span", { class: `bar ${kind}`, css: { left: `${left}%`, width: `max(2px, ${Math.abs(to - from)}%)` } });
}
