import { api } from "./api.js";

const chunk = 50; // names in one request for values
const parallel = 3; // requests at once

/**
 * What the server said of the names: scopes with their children, read when they
 * are opened, and the values of the metrics and ratios that were looked at.
 */
export class Namespace {
	constructor() {
		this.scopes = new Map(); // by path: {node} or {error}, missing while loading
		this.values = new Map(); // by name: a node with a reading
		this.found = null; // the answer to the filter: a scope with all levels
		this.late = ""; // why the last values are not up to date
	}

	/** What is known of a scope's children: an array, or undefined while it is loading. */
	children(path) {
		return this.scopes.get(path)?.node?.children;
	}

	/**
	 * Reads scopes; what fails is kept as the error of that scope, and an earlier
	 * answer stays.
	 * @returns {Promise<boolean>} whether all could be read
	 */
	async load(paths, options, signal) {
		const results = await pooled(paths, async (path) => {
			try {
				this.scopes.set(path, { node: await api.scope(path, options, signal) });
				return true;
			} catch (err) {
				if (err.name === "AbortError") throw err;
				if (err.status === 404 && path !== "") this.scopes.set(path, { node: { children: [] }, gone: true });
				else this.scopes.set(path, { ...this.scopes.get(path), error: err.message });
				return err.status === 404;
			}
		});
		return results.every(Boolean);
	}

	/** Reads what has all the words in its name, if there are words. */
	async search(words, options, signal) {
		try {
			this.found = words ? await api.search(words, options, signal) : null;
			return true;
		} catch (err) {
			if (err.name === "AbortError") throw err;
			this.late = err.message;
			return false;
		}
	}

	/**
	 * Reads the present values of metrics and ratios; painted is called after each
	 * part of the answer.
	 */
	async read(names, options, signal, painted) {
		const parts = [];
		for (let i = 0; i < names.length; i += chunk) parts.push(names.slice(i, i + chunk));
		let failed = "";
		await pooled(parts, async (part) => {
			try {
				const answer = await api.values(part, options, signal);
				for (const node of answer.nodes || []) this.values.set(node.path || node.name, node);
			} catch (err) {
				if (err.name === "AbortError") throw err;
				failed = err.message;
				for (const name of part) if (!this.values.has(name)) this.values.set(name, { error: err.message });
			}
			painted();
		});
		this.late = failed;
		return failed === "";
	}

	/**
	 * The scopes a name is in, outermost first, as far as they have been read.
	 * @returns {Array<{path: string, name: string}>}
	 */
	chain(path) {
		const chain = [];
		for (let at = ""; ;) {
			const next = (this.children(at) || []).find((c) => c.type === "scope" && path.startsWith(c.path) && c.path !== path);
			if (!next) return chain;
			chain.push(next);
			at = next.path;
		}
	}

	/** Reads the scopes on the way to a name, so that chain is complete. */
	async reveal(path, options, signal) {
		for (let at = ""; ;) {
			if (!this.scopes.get(at)?.node && !(await this.load([at], options, signal))) return;
			const next = (this.children(at) || []).find((c) => c.type === "scope" && path.startsWith(c.path) && c.path !== path);
			if (!next) return;
			at = next.path;
		}
	}
}

// pooled runs the work on each item, a few at a time.
async function pooled(items, work) {
	const queue = [...items.entries()];
	const results = [];
	const worker = async () => {
		for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
	};
	await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
	return results;
}
