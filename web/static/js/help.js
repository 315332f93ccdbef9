import { el } from "./dom.js";
import { dialogOf } from "./parts.js";

const keys = [
	["/", "filter the names"],
	["?", "this help"],
	["↑ ↓ Home End", "walk the tree"],
	["→ ←", "open and close, go in and out"],
	["Enter", "show the node"],
	["any letter in the tree", "filter by it"],
	["Tab", "the next control; in the picture of the series, arrow keys walk it"],
	["Esc", "close, or clear the filter"],
];

const words = [
	["✓", "the branches fold to their parent, the rest included"],
	["◆", "the label was declared as one to expand along"],
	["inferred", "not declared by who made the metric, but guessed from its name or type"],
	["near-unique", "a label whose branches are nearly the series themselves"],
	["other (n)", "the branches beyond those shown, as one"],
];

/** The dialog with what the keys and the marks mean. */
export class HelpDialog {
	constructor() {
		const list = (entries, tag) => el("dl", {}, ...entries.flatMap(([k, v]) => [el("dt", {}, el(tag, {}, k)), el("dd", {}, v)]));
		this.element = dialogOf("help-title", "Keys and marks", el("div", { class: "queries" }, list(keys, "kbd"), list(words, "b"),
			el("p", { class: "dim" }, "Click into a plot to look at that moment. The address holds all you see: share it.")));
	}

	open() {
		if (!this.element.open) this.element.showModal();
	}
}
