import { el, short } from "./dom.js";
import { formatMoment } from "./format.js";
import { matcherText, quantileName } from "./head.js";
import { keyOf } from "./key.js";
import { dialogOf } from "./parts.js";

/**
 * The dialog that shows which question of PromQL gives a number on the page, at
 * which moment, to be copied.
 */
export class QueryDialog {
	constructor() {
		this.nodes = new Map();
		this.body = el("div", { class: "queries" });
		this.body.addEventListener("click", (e) => this.click(e));
		this.element = dialogOf("query-title", "Query", this.body);
	}

	/**
	 * A button that shows the queries of a node.
	 * @param {Object} node with a reading
	 * @param {string} about what the node is called
	 */
	button(node, text, about) {
		const key = keyOf(node);
		this.nodes.set(key, node);
		return el("button", { class: text === "{ }" ? "quiet" : "action", "data-query": key, "aria-label": text === "{ }" ? `Show query of ${about}` : null, title: "The PromQL that gives this number" }, text);
	}

	/** Shows the queries of the node of a button. */
	open(key) {
		const node = this.nodes.get(key);
		if (!node) return;
		const entries = entriesOf(node);
		const name = [node.path, ...(node.matchers || []).map(matcherText)].join(" · ");
		this.body.replaceChildren(
			el("p", { class: "dim" }, short(name, 300)),
			...entries.map((e, i) => entry(e, i)),
			entries.length === 0 ? el("p", { class: "message" }, "These numbers do not come from a server that can be asked in PromQL.") : "",
			node.at && entries.length > 0 ? el("p", { class: "dim moment" }, `Exactly this number at ${formatMoment(node.at)}, `, el("code", {}, `time=${node.at / 1000}`)) : "");
		this.element.showModal();
	}

	async click(e) {
		const button = e.target.closest("[data-copy]");
		if (!button) return;
		const area = this.body.querySelector(`#${button.dataset.copy}`);
		const good = await copy(area);
		button.textContent = good ? "Copied" : "Select and copy";
	}
}

function entry({ label, text, query }, i) {
	const id = `query-${i}`;
	const lines = Math.min(Math.ceil(query.length / 62) + query.split("\n").length - 1, 8);
	return el("div", { class: "query" },
		el("div", { class: "queryhead" }, el("label", { for: id }, label), el("b", {}, text),
			el("button", { class: "small", "data-copy": id, "aria-label": `Copy the query of ${label}` }, "Copy")),
		el("textarea", { id, readOnly: true, rows: lines, spellcheck: false, value: query }));
}

function entriesOf(node) {
	const entries = [];
	const add = (label, reading) => reading?.query && entries.push({ label, text: reading.text, query: reading.query });
	add("Value", node.reading);
	for (const q of node.reading?.quantiles || []) add(quantileName(q.q), q);
	add("Numerator", node.ratio?.numerator_sum);
	add("Denominator", node.ratio?.denominator_sum);
	return entries;
}

async function copy(area) {
	try {
		await navigator.clipboard.writeText(area.value);
		return true;
	} catch { // a page without TLS has no clipboard but by way of a selection
		area.select();
		return document.execCommand("copy");
	}
}
