import { el, short } from "./dom.js";
import { formatCount, plural } from "./format.js";
import { helpOf, keyOf } from "./key.js";
import { morph } from "./morph.js";

const rowHeight = 28; // of a line, as in the style sheet
const deepest = 5; // ancestors that stay in sight

/**
 * Draws the namespace as a tree of rows. Rows outlive a refresh, which changes
 * texts and never loses focus or scroll. An open scope is a box with its row,
 * which sticks to the top for as long as the box is in sight.
 */
export class Rows {
	/** on.toggle and on.select are told the key of a node, on.type a character. */
	constructor(root, on) {
		this.root = root;
		this.on = on;
		this.focused = null;
		root.addEventListener("click", (e) => this.click(e));
		root.addEventListener("keydown", (e) => this.keydown(e));
		root.addEventListener("focusin", (e) => {
			const row = e.target.closest("[data-key]");
			if (row) this.rove(row);
		});
	}

	/**
	 * model.children(scope) gives the nodes in a scope, or {note, error};
	 * model.open(scope) whether it is open; model.value(name) the node with a reading,
	 * if it was read; model.selected is a key.
	 */
	draw(model) {
		this.model = model;
		const had = this.root.contains(document.activeElement);
		const before = this.rows().findIndex((r) => r.dataset.key === this.focused);
		morph(this.root, ...this.group({ type: "scope", path: "" }, 1));
		const rows = this.rows();
		const row = rows.find((r) => r.dataset.key === this.focused) || rows.find((r) => r.dataset.key === model.selected)
			|| rows[Math.min(Math.max(before, 0), rows.length - 1)];
		if (!row) return;
		this.rove(row);
		if (had && !this.root.contains(document.activeElement)) row.focus();
	}

	group(scope, level) {
		const children = this.model.children(scope);
		if (!Array.isArray(children)) return [note(scope, children, level)];
		return children.map((node, i) => this.item(node, level, i + 1, children.length));
	}

	item(node, level, position, of) {
		const row = this.row(node, level, position, of);
		if (node.type !== "scope") return row;
		const open = this.model.open(node);
		const more = open && node.omitted ? el("div", { class: "row note" }, `${plural(node.omitted, "more entry", "more entries")} left out; filter to see them`) : null;
		return el("div", { class: "branch", role: "none", "data-row": keyOf(node) }, row,
			open && el("div", { class: "group", role: "none" }, ...this.group(node, level + 1), more));
	}

	row(node, level, position, of) {
		const key = keyOf(node);
		const scope = node.type === "scope";
		const read = scope ? node : this.model.value(node.path);
		const kind = node.type === "ratio" ? "ratio" : node.family ? node.family.kind : "";
		const warnings = (read?.warnings || node.warnings || []).length;
		const text = scope ? "" : read?.error ? "error" : read?.reading ? read.reading.text : read ? "–" : "";
		const open = scope && this.model.open(node);
		const props = {
			class: `row is-${node.type} kind-${kind}`, role: "treeitem", "data-key": key, "data-row": scope ? null : key,
			tabIndex: key === this.focused ? 0 : -1, title: titleOf(node, read),
			"aria-level": level, "aria-setsize": of, "aria-posinset": position, "aria-selected": String(key === this.model.selected),
			"aria-expanded": scope ? String(open) : null, "aria-label": labelOf(node, text, warnings, read),
			"data-metric": scope ? null : node.path,
			css: { paddingLeft: `${6 + 16 * (level - 1)}px` },
		};
		if (open && level <= deepest) Object.assign(props.css, { top: `${rowHeight * (level - 1)}px`, zIndex: 20 - level });
		else props.css.scrollMarginTop = `${rowHeight * Math.min(level, deepest + 1)}px`;
		return el("div", props,
			el("span", { class: "chevron", "aria-hidden": "true" }),
			el("span", { class: "mark", "aria-hidden": "true" }),
			el("span", { class: "name" }, short(node.name, 200)),
			warnings > 0 && el("span", { class: "warn", "aria-hidden": "true" }, warnings > 1 ? String(warnings) : "!"),
			el("span", { class: read?.error ? "value error" : read || scope ? "value" : "value waiting" }, text),
			el("span", { class: "series" }, formatCount(node.series)));
	}

	rows() {
		return [...this.root.querySelectorAll("[role=treeitem]")];
	}

	/** The metrics and ratios whose rows are in sight, or nearly. */
	visible() {
		const box = this.root.getBoundingClientRect();
		return [...this.root.querySelectorAll("[data-metric]")].filter((row) => {
			const r = row.getBoundingClientRect();
			return r.bottom > box.top - 200 && r.top < box.bottom + 200;
		}).map((row) => row.dataset.metric);
	}

	rove(row) {
		if (this.focused !== row.dataset.key) {
			for (const old of this.root.querySelectorAll("[role=treeitem][tabindex='0']")) old.tabIndex = -1;
		}
		this.focused = row.dataset.key;
		row.tabIndex = 0;
	}

	/** Moves the focus into the tree, to its first row. */
	focusFirst() {
		this.rows()[0]?.focus();
	}

	/** Scrolls the row of a key into sight. */
	show(key) {
		this.rows().find((r) => r.dataset.key === key)?.scrollIntoView({ block: "nearest" });
	}

	click(e) {
		const row = e.target.closest("[data-key]");
		if (!row) return;
		row.focus({ preventScroll: true });
		if (e.target.closest(".chevron") && row.hasAttribute("aria-expanded")) this.on.toggle(row.dataset.key);
		else this.on.select(row.dataset.key);
	}

	keydown(e) {
		const row = e.target.closest("[data-key]");
		if (!row || e.ctrlKey || e.metaKey || e.altKey) return;
		const rows = this.rows();
		const at = rows.indexOf(row);
		const level = (r) => Number(r.getAttribute("aria-level"));
		const expanded = row.getAttribute("aria-expanded");
		const moves = {
			ArrowDown: () => rows[at + 1]?.focus(),
			ArrowUp: () => rows[at - 1]?.focus(),
			Home: () => rows[0].focus(),
			End: () => rows.at(-1).focus(),
			ArrowRight: () => {
				if (expanded === "false") this.on.toggle(row.dataset.key);
				else if (expanded === "true" && rows[at + 1] && level(rows[at + 1]) > level(row)) rows[at + 1].focus();
			},
			ArrowLeft: () => {
				if (expanded === "true") this.on.toggle(row.dataset.key);
				else rows.slice(0, at).findLast((r) => level(r) < level(row))?.focus();
			},
			Enter: () => this.on.select(row.dataset.key),
			" ": () => this.on.select(row.dataset.key),
		};
		const move = moves[e.key] || (/^[\p{L}\p{N}_:.]$/u.test(e.key) ? () => this.on.type(e.key) : null);
		if (!move) return;
		move();
		e.preventDefault();
		e.stopPropagation();
	}
}

function note(scope, state, level) {
	const css = { paddingLeft: `${30 + 16 * (level - 1)}px` };
	if (state?.error) {
		return el("div", { class: "row note error", role: "none", "data-row": `!${scope.path}`, css }, el("span", { class: "text", role: "alert" }, state.error),
			el("button", { class: "small", "data-reload": scope.path }, "Retry"));
	}
	return el("div", { class: "row note", role: "none", "data-row": `…${scope.path}`, css }, el("span", { class: "text" }, state?.note || "Loading …"));
}

function titleOf(node, read) {
	if (node.type === "scope") return `${node.path} · ${plural(node.metrics || 0, "metric", "metrics")}`;
	const help = helpOf(node);
	return [node.path, help && short(help, 300), read?.error, ...(read?.warnings || [])].filter(Boolean).join("\n");
}

function labelOf(node, text, warnings, read) {
	const parts = [node.name];
	if (node.type === "scope") parts.push(plural(node.metrics || 0, "metric", "metrics"));
	if (node.type === "ratio") parts.push("ratio");
	if (read?.error) parts.push(`error: ${short(read.error)}`);
	else if (text) parts.push(text);
	parts.push(`${formatCount(node.series)} series`);
	if (warnings) parts.push(plural(warnings, "warning", "warnings"));
	return parts.join(", ");
}
