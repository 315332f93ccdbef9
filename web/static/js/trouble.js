import { el, short } from "./dom.js";
import { headOf } from "./head.js";
import { keyWith, nodeOf, rootKey } from "./key.js";
import { alarm, retry } from "./parts.js";

/**
 * The page in place of one that cannot be shown: what went wrong, and the ways on.
 * @param {Error} err with the status of the server, if it answered
 */
export function trouble(ctx, err) {
	const node = nodeOf(ctx.state.node);
	const gone = err.status === 404;
	const matchers = node.matchers || [];
	const ways = [];
	if (matchers.length > 0) ways.push(ctx.link(`Back to ${short(node.path, 80)}`, keyWith(node, []), {}, { class: "action" }));
	if (ctx.state.at) ways.push(el("a", { class: "action", href: ctx.href({ at: "" }) }, "Look at the present"));
	if (node.path !== "") ways.push(ctx.link("All metrics", rootKey, {}, { class: "action" }));
	return el("div", { class: "page" },
		headOf(ctx, { type: node.type, path: node.path, matchers }, { name: node.path || "All metrics" }),
		el("section", { class: "card trouble" },
			el("h2", {}, gone ? "There is no such node" : "This could not be read"),
			alarm(short(err.message, 1000)),
			el("p", { class: "actions" }, retry("Try again", "primary"), ...ways)));
}
