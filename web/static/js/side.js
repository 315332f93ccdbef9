import { byId, setText } from "./dom.js";
import { plural } from "./format.js";
import { keyOf, nodeOf } from "./key.js";
import { Lane } from "./lane.js";
import { Rows } from "./rows.js";

const pause = 120; // milliseconds after the last letter or scroll

/** The left side: the filter, and the namespace as a tree with present values. */
export class Side {
	/**
	 * on.select is told a key; on.opened that other scopes are open, or the filter is
	 * another; on.revealed that the way to the node is known.
	 */
	constructor(ctx, on) {
		this.ctx = ctx;
		this.on = on;
		this.rows = new Rows(byId("tree"), { toggle: (key) => this.toggle(key), select: (key) => this.select(key), type: (letter) => this.type(letter) });
		this.structure = new Lane();
		this.values = new Lane();
		this.shut = new Set(); // scopes closed while filtering
		byId("tree").addEventListener("scroll", () => this.later("scrolled", () => this.readValues(true)));
		byId("tree").addEventListener("click", (e) => {
			const path = e.target.closest("[data-reload]")?.dataset.reload;
			if (path !== undefined) this.refresh();
		});
		byId("filter").addEventListener("input", () => this.later("typed", () => this.filter(byId("filter").value.trim())));
		byId("filter").addEventListener("keydown", (e) => this.filterKey(e));
	}

	later(name, work) {
		clearTimeout(this[name]);
		this[name] = setTimeout(work, pause);
	}

	get options() {
		return { at: this.ctx.state.at };
	}

	draw() {
		const { state, namespace } = this.ctx;
		this.rows.draw({
			selected: state.node,
			open: (scope) => (namespace.found ? !this.shut.has(scope.path) : state.open.has(scope.path)),
			value: (name) => namespace.values.get(name),
			children: (scope) => this.children(scope),
		});
		const root = namespace.scopes.get("")?.node;
		if (root) setText(byId("summary"), `${plural(root.metrics || 0, "metric", "metrics")} · ${plural(root.series, "series", "series")}`);
	}

	children(scope) {
		const { found, scopes } = this.ctx.namespace;
		if (found) {
			const children = scope.path === "" ? found.children || [] : scope.children || [];
			return children.length ? children : { note: "No metric matches" };
		}
		const known = scopes.get(scope.path);
		if (known?.node) return known.node.children?.length ? known.node.children : { note: scope.path === "" ? "No metrics yet" : "Nothing left in here" };
		return known || {};
	}

	/** Reads the structure of what is open, and the values in sight. */
	async refresh(quiet) {
		if (quiet && this.structure.current) return true;
		const { namespace, state } = this.ctx;
		const node = nodeOf(state.node);
		let good = true;
		const ended = await this.structure.run(async (signal) => {
			good = await namespace.load(["", ...state.open], this.options, signal);
			good = (await namespace.search(state.filter, this.options, signal)) && good;
			if (!quiet && node.path !== "") await this.reveal(node, signal);
		});
		if (!ended) return true;
		this.ctx.notices("tree", namespace.scopes.get("")?.node?.notices);
		this.draw();
		return (await this.readValues()) && good;
	}

	async reveal(node, signal) {
		const { namespace, state } = this.ctx;
		await namespace.reveal(node.path, this.options, signal);
		for (const scope of namespace.chain(node.path)) state.open.add(scope.path);
		this.on.revealed();
	}

	/** Opens the way to the selected node and scrolls it into sight. */
	async follow() {
		const node = nodeOf(this.ctx.state.node);
		if (node.path !== "") await this.structure.run((signal) => this.reveal(node, signal));
		this.draw();
		this.rows.show(keyOf({ type: node.type === "scope" ? "scope" : "metric", path: node.path }));
		await this.readValues(true);
	}

	/** Reads the values in sight; with fresh only those that were never read. */
	async readValues(fresh) {
		const { namespace } = this.ctx;
		const names = this.rows.visible().filter((n) => !fresh || !namespace.values.get(n)?.type);
		if (names.length === 0) return true;
		let good = true;
		await this.values.run(async (signal) => {
			good = await namespace.read(names, this.options, signal, () => this.draw());
		});
		return good;
	}

	async toggle(key) {
		const { path } = nodeOf(key);
		const { namespace, state } = this.ctx;
		if (namespace.found) {
			if (!this.shut.delete(path)) this.shut.add(path);
			this.draw();
		} else if (state.open.delete(path)) {
			this.draw();
		} else {
			state.open.add(path);
			this.draw();
			if (!namespace.scopes.get(path)?.node) await namespace.load([path], this.options);
			this.draw();
		}
		this.on.opened();
		await this.readValues(true);
	}

	select(key) {
		const node = nodeOf(key);
		const again = key === this.ctx.state.node;
		if (node.type === "scope" && (again || !(this.ctx.namespace.found || this.ctx.state.open.has(node.path)))) this.toggle(key);
		if (!again) this.on.select(key);
	}

	/** Filters by words; "" shows all. */
	async filter(words) {
		const { state, namespace } = this.ctx;
		state.filter = words;
		this.shut.clear();
		this.on.opened();
		byId("side").setAttribute("aria-busy", "true");
		await this.structure.run(async (signal) => {
			if (!(await namespace.search(words, this.options, signal))) this.ctx.stale(namespace.late);
		});
		byId("side").removeAttribute("aria-busy");
		this.draw();
		await this.readValues(true);
	}

	type(letter) {
		const input = byId("filter");
		input.focus();
		input.value += letter;
		input.dispatchEvent(new Event("input"));
	}

	filterKey(e) {
		if (e.key === "ArrowDown" || e.key === "Enter") this.rows.focusFirst();
		else if (e.key === "Escape" && byId("filter").value) {
			byId("filter").value = "";
			this.filter("");
		} else return;
		e.preventDefault();
	}
}
