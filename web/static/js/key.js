// A key names a node, in the address too: s/PREFIX is a scope (the root is "s/"),
// and m/METRIC[/LABEL/VALUE]... a metric or ratio, or a branch of it, with every
// part percent-encoded. An axis, and the branches folded into "other", have keys
// that only tell them apart.

const join = (type, parts) => [type, ...parts].map(encodeURIComponent).join("/");

const walked = (node) => (node.matchers || []).flatMap((m) => [m.name, m.value]);

/** The key of a node: of its type, path, matchers and label. */
export function keyOf(node) {
	switch (node.type) {
		case "scope":
			return join("s", [node.path]);
		case "axis":
			return join("a", [node.path, ...walked(node), node.label]);
		case "other":
			return join("o", [node.path, ...walked(node), node.label]);
		default:
			return join("m", [node.path, ...walked(node)]);
	}
}

/** The key of everything. */
export const rootKey = "s/";

/**
 * As much of a node as its key tells, or null for what is no key.
 * @param {string} key
 * @returns {?{type: string, path: string, matchers: ?Array}}
 */
export function nodeOf(key) {
	let parts;
	try {
		parts = key.split("/").map(decodeURIComponent);
	} catch {
		return null;
	}
	const [type, path, ...rest] = parts;
	if (path === undefined) return null;
	if (type === "s") return { type: "scope", path };
	if (type !== "m" || path === "" || rest.length % 2) return null;
	const matchers = [];
	for (let i = 0; i + 1 < rest.length; i += 2) matchers.push({ name: rest[i], value: rest[i + 1] });
	return { type: matchers.length ? "value" : "metric", path, matchers };
}

/** The key of a node of a metric with other matchers. */
export const keyWith = (node, matchers) => keyOf({ type: "metric", path: node.path, matchers });

/** How a scope is shown: without the separator its prefix ends in. */
export const scopeName = (path) => path.replace(/[_:./]+$/, "") || path;

/** The labels by which a node, given with its axes, can be expanded. */
export const axesOf = (node) => (node.children || []).filter((a) => a.branches > 1);

/** What was said of a metric or ratio where it was made. */
export const helpOf = (node) => node.family?.help || node.ratio?.help;
