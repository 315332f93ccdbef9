// What the page shows is all in its address, so that it can be shared, kept and
// walked back and forth.

import { nodeOf, rootKey } from "./key.js";

// The parameters that hold one text, and what each is without being given. A
// pinned moment is in Unix milliseconds, durations are such as 15m or 24h.
const defaults = {
	node: rootKey, view: "", by: null, stat: "", mode: "", rank: "", sort: "", limit: "20",
	window: "15m", baseline: "", at: "", filter: "",
};

// The parameters that are lists: the open scopes, and the labels Explain searches.
const lists = ["open", "label"];

const allowed = {
	view: /^(explain|cardinality)$/,
	stat: /^0\.\d{1,4}$/,
	mode: /^share$/,
	rank: /^(value|change)$/,
	sort: /^-?(name|value|share|change|series)$/,
	limit: /^[1-9]\d{0,3}$/,
	window: /^[1-9]\d{0,3}[smh]$/,
	baseline: /^(none|[1-9]\d{0,3}[smh])$/,
	at: /^[1-9]\d{11,13}$/,
};

/**
 * Reads what an address asks for. What cannot be right takes its default.
 * @param {string} search such as location.search
 */
export function read(search) {
	const params = new URLSearchParams(search);
	const state = {};
	for (const [name, value] of Object.entries(defaults)) {
		const given = params.get(name);
		state[name] = given === null || (allowed[name] && !allowed[name].test(given)) ? value : given;
	}
	if (!nodeOf(state.node)) state.node = rootKey;
	state.open = new Set(params.getAll("open"));
	state.label = params.getAll("label");
	return state;
}

// encode leaves the characters readable that mean nothing in a query.
const encode = (text) => encodeURIComponent(text).replace(/%(2F|3A|2C|40)/g, decodeURIComponent);

/**
 * The address of a state, relative to the page.
 * @param {Object} state as read gives it
 */
export function write(state) {
	const parts = [];
	for (const [name, value] of Object.entries(defaults)) {
		if (state[name] !== value && state[name] !== null) parts.push(`${name}=${encode(state[name])}`);
	}
	for (const name of lists) for (const item of state[name]) parts.push(`${name}=${encode(item)}`);
	return `?${parts.join("&")}`;
}

/**
 * The state at another node: time, order and open scopes stay, what belongs to
 * the node before does not.
 * @param {string} node its key
 * @param {Object} [more] further changes
 */
export function at(state, node, more) {
	return { ...state, node, by: null, limit: defaults.limit, sort: "", view: "", label: [], ...more };
}

/** Milliseconds of a duration such as 15m; 0 for what is none. */
export function milliseconds(duration) {
	const match = /^(\d+)([smh])$/.exec(duration || "");
	return match ? Number(match[1]) * { s: 1e3, m: 60e3, h: 3600e3 }[match[2]] : 0;
}

/** What changes are told against: the period before unless another was chosen. */
export function baselineOf(state) {
	return state.baseline === "none" ? "" : state.baseline || state.window;
}
