import { el } from "./dom.js";
import { formatShare } from "./format.js";

/** What went wrong, where it did. */
export const alarm = (text) => el("p", { class: "message error", role: "alert" }, text);

/** A button that reads the page anew. */
export const retry = (text, kind = "") => el("button", { class: `action ${kind}`, "data-retry": "" }, text);

/** A value, large, with what it is below. */
export const figure = (text, label, title, kind = "minor") => el("div", { class: kind, title: title || "" }, el("div", { class: "figure" }, text), el("div", { class: "label" }, label));

/** A cell with a part of a whole, 0 to 1, as a bar and in percent. */
export function shareCell(share) {
	const width = `${Math.min(Math.abs(share || 0), 1) * 100}%`;
	return el("td", { class: "num sharecell" },
		el("span", { class: "sharebar", "aria-hidden": "true" }, el("span", { class: share < 0 ? "below" : "", css: { width } })),
		el("span", { class: "sharetext" }, formatShare(share)));
}

/** A heading of a column; of numbers if num. */
export const column = (title, num) => el("th", { scope: "col", class: num ? "num" : "" }, title);

/** A table that scrolls sideways within its place. */
export const tableOf = (caption, headings, rows, kind = "") => el("div", { class: "scroll" }, el("table", { class: kind }, el("caption", { class: "sr" }, caption),
	el("thead", {}, el("tr", {}, ...headings)), el("tbody", {}, ...rows)));

/** A dialog with a title, a button to close it, and a body. */
export function dialogOf(id, title, body) {
	const dialog = el("dialog", { class: "dialog", "aria-labelledby": id }, el("div", { class: "dialogbody" },
		el("div", { class: "dialoghead" }, el("h2", { id }, title), el("button", { class: "quiet", "data-close": "", "aria-label": "Close" }, "×")), body));
	dialog.addEventListener("click", (e) => {
		if (e.target === dialog || e.target.closest("[data-close]")) dialog.close();
	});
	document.body.append(dialog);
	return dialog;
}
