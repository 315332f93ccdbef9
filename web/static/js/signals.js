import { el, short } from "./dom.js";
import { warnings } from "./head.js";
import { keyOf } from "./key.js";
import { alarm } from "./parts.js";

const shown = 4; // parts named on a card

const kinds = [
	["traffic", "Traffic", "how much is asked"],
	["errors", "Errors", "part that fails"],
	["latency", "Latency", "how long answers take"],
	["saturation", "Saturation", "the fullest part"],
];

/**
 * The golden signals of a scope as cards, each with links to what it is made of.
 * Nothing where nothing is declared to be one.
 */
export function signalCards(ctx, signals) {
	const cards = kinds.filter(([name]) => signals[name]).map(([name, title, note]) => card(ctx, signals, name, title, note));
	return cards.length ? el("div", { class: "signals" }, ...cards) : "";
}

function card(ctx, signals, name, title, note) {
	const { path, at, [name]: signal } = signals;
	const parts = signal.parts || [];
	const rest = parts.length - shown + (signal.omitted || 0);
	return el("article", { class: `card signal ${name}`, "data-signal": name },
		el("div", { class: "queryhead" }, el("h2", {}, title),
			signal.reading?.query && ctx.query.button({ ...signal, path: `${title} ${path}`, at }, "{ }", title)),
		signal.error ? alarm(signal.error) : value(signal, name, note),
		el("ul", { class: "parts" }, ...parts.slice(0, shown).map((p) => el("li", {}, ctx.link(short(p.startsWith(path) ? p.slice(path.length) : p, 80), keyOf({ type: "metric", path: p }), {}, { title: p }))),
			rest > 0 && el("li", { class: "dim" }, `and ${rest} more`)),
		warnings(signal.warnings));
}

function value(signal, name, note) {
	const { reading } = signal;
	const at = (q) => (name === "latency" ? (reading.quantiles || []).find((x) => x.q === q)?.text : "");
	const sums = signal.ratio?.numerator_sum ? `${signal.ratio.numerator_sum.text} of ${signal.ratio.denominator_sum?.text || "–"}` : "";
	const more = at(0.5) ? `p99, and p50 ${at(0.5)}` : sums || note;
	return el("div", {}, el("p", { class: "figure" }, at(0.99) || reading.text), el("p", { class: "label" }, more));
}
