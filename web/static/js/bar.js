import { milliseconds } from "./address.js";
import { byId, el, setAttr, setText } from "./dom.js";
import { formatDuration, formatTime } from "./format.js";

// local writes a moment as an input of date and time holds it.
const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60e3).toISOString().slice(0, 19);

/** The bar on top: time, comparison, refresh, and whether all is up to date. */
export class Bar {
	/** @param {{change: function(Object), live: function(boolean), retry: function()}} on */
	constructor(on) {
		this.on = on;
		this.live = true;
		for (const name of ["window", "baseline"]) byId(name).addEventListener("change", (e) => on.change({ [name]: e.target.value }));
		byId("live").addEventListener("click", () => this.toggle());
		byId("pin").addEventListener("click", () => on.change({ at: this.pinned ? "" : String(Date.now()) }));
		byId("moment").addEventListener("change", (e) => {
			const ms = new Date(e.target.value).getTime();
			if (ms > 0) on.change({ at: String(ms) });
		});
		byId("again").addEventListener("click", () => on.retry());
	}

	/** Shows the state's choices. */
	draw(state) {
		choose(byId("window"), state.window);
		choose(byId("baseline"), state.baseline);
		this.pinned = state.at !== "";
		byId("moment").hidden = !this.pinned;
		if (this.pinned) byId("moment").value = local(Number(state.at));
		setText(byId("pin"), this.pinned ? "Back to now" : "Pin time");
		setAttr(byId("pin"), "aria-pressed", String(this.pinned));
		byId("live").hidden = this.pinned;
	}

	toggle() {
		this.live = !this.live;
		byId("live").setAttribute("aria-pressed", String(this.live));
		setText(byId("live"), this.live ? "Live" : "Paused");
		this.on.live(this.live);
	}

	/** Marks what is on screen as not up to date, and says why; "" takes it back. */
	stale(reason) {
		if (reason && !this.since) this.since = Date.now();
		if (!reason) this.since = 0;
		setText(byId("reason"), reason ? `Not up to date since ${formatTime(this.since)}: ${reason}` : "");
		if (reason) setText(byId("said"), byId("reason").textContent);
		byId("again").hidden = !reason;
		document.body.classList.toggle("stale", reason !== "");
	}
}

// choose selects a value, which is added if it is not among those offered.
function choose(select, value) {
	if (![...select.options].some((o) => o.value === value) && milliseconds(value) > 0) select.append(el("option", { value }, formatDuration(value)));
	select.value = value;
}
