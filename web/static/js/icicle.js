import { el, short } from "./dom.js";
import { formatCount, formatShare } from "./format.js";
import { morph } from "./morph.js";

const narrowest = 90; // pixels of a level
const thinnest = 0.7; // percent of the height below which neighbours are merged
const labelled = 3.8; // percent of the height from which there is room for a name
const counted = 7; // and for a number below it

/**
 * An icicle: what is below stands to the right, as high as it is large. The boxes
 * are links, walked with the arrow keys.
 *
 * An item is {id, type, name, size, count, unit, href, level, children}. Labels of
 * a metric, each of which has all its series, divide its height by their values.
 */
export class Icicle {
	constructor() {
		this.element = el("div", { class: "icicle", role: "group", "aria-label": "Series below, the larger the more. Arrow keys move, Enter opens." });
		this.element.addEventListener("keydown", (e) => this.keydown(e));
		this.element.addEventListener("focusin", (e) => this.rove(e.target));
		this.focused = "";
	}

	/**
	 * @param {Set<string>} guilty ids of the boxes on the way to the largest label
	 * @param {number} columns how many levels to draw, if there is room
	 */
	draw(root, guilty, columns) {
		columns = Math.min(columns, Math.max(3, Math.floor(this.element.clientWidth / narrowest)));
		const boxes = [];
		const picture = { boxes, guilty, columns };
		place(root, 0, 0, 100, null, picture);
		if (!boxes.some((b) => b.dataset.id === this.focused)) this.focused = root.id;
		for (const b of boxes) b.tabIndex = b.dataset.id === this.focused ? 0 : -1;
		morph(this.element, ...boxes);
	}

	rove(box) {
		if (!box.dataset.id) return;
		this.element.querySelectorAll("[tabindex='0']").forEach((b) => (b.tabIndex = -1));
		box.tabIndex = 0;
		this.focused = box.dataset.id;
	}

	keydown(e) {
		const box = e.target;
		const { id, parent, column } = box.dataset;
		const boxes = [...this.element.children];
		const same = boxes.filter((b) => b.dataset.column === column);
		const next = {
			ArrowRight: () => boxes.find((b) => b.dataset.parent === id),
			ArrowLeft: () => boxes.find((b) => b.dataset.id === parent),
			ArrowDown: () => same[same.indexOf(box) + 1],
			ArrowUp: () => same[same.indexOf(box) - 1],
			Home: () => same[0],
			End: () => same.at(-1),
		}[e.key];
		if (!next) return;
		next()?.focus();
		e.preventDefault();
	}
}

function place(item, column, top, height, parent, picture) {
	picture.boxes.push(box(item, column, top, height, parent, picture));
	if (column + 1 >= picture.columns || !item.children) return;
	const sum = item.children.reduce((s, c) => s + c.size, 0);
	const total = Math.max(sum, item.children[0]?.unit === item.unit ? item.count : 0) || 1; // some may be left out
	let at = top;
	let merged = [];
	let mergedHeight = 0;
	for (const child of [...item.children].sort((a, b) => b.size - a.size)) {
		const h = (height * child.size) / total;
		if (h < thinnest) {
			merged.push(child);
			mergedHeight += h;
			continue;
		}
		place(child, column + 1, at, h, item, picture);
		at += h;
	}
	if (mergedHeight >= thinnest / 2) picture.boxes.push(box(mergeOf(merged, item), column + 1, at, mergedHeight, item, picture));
}

const mergeOf = (items, parent) => ({
	id: `${parent.id}…`, type: "merged", name: `${formatCount(items.length)} smaller`, href: parent.href, whole: parent.count,
	count: items.reduce((s, c) => s + c.count, 0), unit: items[0].unit,
});

function box(item, column, top, height, parent, { guilty, columns }) {
	const part = parent && parent.count && item.unit === parent.unit ? `, ${formatShare(item.count / parent.count)} of ${short(parent.name, 60)}` : "";
	const text = `${short(item.name, 100)}, ${item.type === "merged" ? "more" : item.type}, ${formatCount(item.count)} ${item.unit}${part}${item.level && item.level !== "good" ? `, ${item.level}` : ""}`;
	return el("a", {
		class: `box type-${item.type}${item.level ? ` level-${item.level}` : ""}${guilty.has(item.id) ? " guilty" : ""}`,
		href: item.href, "data-row": `${column}:${item.id}`, "data-id": item.id, "data-parent": parent ? parent.id : "", "data-column": String(column),
		"aria-label": text, title: text, tabIndex: -1,
		css: { left: `${(100 * column) / columns}%`, width: `${100 / columns}%`, top: `${top}%`, height: `${height}%` },
	}, height >= labelled && el("span", { class: "boxname" }, short(item.name, 80)),
	height >= counted && el("span", { class: "boxcount" }, `${formatCount(item.count)} ${item.unit === "values" ? "values" : ""}`));
}
