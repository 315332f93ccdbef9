// The JSON under api/v1/tree, addressed relative to the page so that it works
// wherever the page is mounted.

// get leaves out options that were not given.
async function get(path, params, options, signal) {
	const given = Object.entries(options).filter(([, v]) => v !== undefined && v !== null && v !== "");
	let response;
	try {
		response = await fetch(`api/v1/tree${path}?${new URLSearchParams([...params, ...given])}`, { signal });
	} catch (err) {
		if (err.name === "AbortError") throw err;
		throw new Error("the server does not answer; is it still running?");
	}
	let body;
	try {
		body = await response.json();
	} catch (err) {
		if (err.name === "AbortError") throw err;
		throw new Error(`the server answered ${response.status} without JSON`);
	}
	if (!response.ok) {
		const err = new Error(body.error || `the server answered ${response.status}`);
		err.status = response.status;
		throw err;
	}
	return body;
}

function selector(node) {
	const params = [["metric", node.path]];
	for (const m of node.matchers || []) params.push(["label", m.name], ["value", m.value]);
	return params;
}

/**
 * The requests, by the last part of their paths. Options are those of the server:
 * at (Unix milliseconds), baseline, rank, limit, mode, window, quantile, lines. Each
 * rejects with an Error that has the server's words and, if it answered, the status.
 */
export const api = {
	scope: (path, options, signal) => get("", [["scope", path], ["values", "none"]], options, signal),
	search: (words, options, signal) => get("", [["filter", words], ["depth", "64"], ["values", "none"]], options, signal),
	values: (names, options, signal) => get("/values", names.map((n) => ["metric", n]), options, signal),
	signals: (path, options, signal) => get("/signals", [["scope", path]], options, signal),
	metric: (node, options, signal) => get("/metric", selector(node), options, signal),
	split: (node, by, options, signal) => get("/split", [...selector(node), ["by", by]], options, signal),
	/** A node, and its branches along a label unless that is "", over time. */
	plot: (node, by, options, signal) => get("/plot", selector(node), { by, ...options }, signal),
	/** Why a node changed; labels are those to search, none for all. */
	explain: (node, labels, options, signal) => get("/explain", [...selector(node), ...labels.map((l) => ["by", l])], options, signal),
};
